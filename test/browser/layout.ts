/** What is wrong with how a page is laid out, in sentences. Runs in the browser, so it may use nothing from outside. */
export function layoutProblems(): string[] {
  const problems: string[] = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) problems.push(`the page is ${root.scrollWidth} wide`);

  const describe = (element: Element) => {
    const text = (element.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 40);
    return `<${element.tagName.toLowerCase()} class="${element.className}"> ${text}`;
  };
  const isShown = (element: Element) => {
    const { width, height } = element.getBoundingClientRect();
    return width > 1 && height > 1 && element.checkVisibility({ visibilityProperty: true });
  };

  // Neighbours must not lie on each other.
  const shown = [...document.querySelectorAll("body *")].filter(isShown);
  for (const parent of shown) {
    const children = [...parent.children].filter(
      (child) => isShown(child) && !["absolute", "fixed"].includes(getComputedStyle(child).position),
    );
    if (parent.closest("svg, tbody, thead, table") || children.length > 60) continue;
    for (const [i, child] of children.entries()) {
      const a = child.getBoundingClientRect();
      for (const other of children.slice(i + 1)) {
        const b = other.getBoundingClientRect();
        const isInline = [child, other].some((one) => getComputedStyle(one).display.startsWith("inline"));
        const overlap = Math.min(a.right, b.right) - Math.max(a.left, b.left);
        const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        // Inline boxes of two lines may touch.
        if (!isInline && overlap > 2 && height > 2) problems.push(`${describe(child)} lies on ${describe(other)}`);
      }
    }
  }

  // What a button or a number says has to fit in it.
  for (const element of document.querySelectorAll("button, .button, .badge, .tile .value, h1, h2, summary, nav a")) {
    if (
      isShown(element) &&
      element.scrollWidth > element.clientWidth + 1 &&
      getComputedStyle(element).display !== "inline"
    ) {
      problems.push(`${describe(element)} does not fit`);
    }
  }

  // Nothing sticks out, unless its box scrolls.
  for (const element of shown) {
    const { right, left } = element.getBoundingClientRect();
    if (
      (right > root.clientWidth + 1 || left < -1) &&
      !element.closest(".scroll, .raw, pre, .skip, .visually-hidden")
    ) {
      problems.push(`${describe(element)} sticks out`);
    }
  }
  return problems;
}
