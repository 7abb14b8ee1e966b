import { sha256Hex } from "../crypto/digest";
import { keyOfErased } from "../domain/address";

/**
 * Names a recipient's object, row and entry of the edge cache: the hex SHA-256 of the address.
 *
 * @param address canonical; the pseudo-address of a recipient who was erased is made of that hash already
 */
export async function recipientKey(address: string): Promise<string> {
  return keyOfErased(address) ?? sha256Hex(address);
}
