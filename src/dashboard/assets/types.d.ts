/** Files that are bundled as text and served as they are; `wrangler.toml` has the rule. */
declare module "*.asset.css" {
  const text: string;
  export default text;
}
declare module "*.asset.js" {
  const text: string;
  export default text;
}
