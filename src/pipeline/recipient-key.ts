import { keyOfErased } from "../domain/address";
import { sha256HexSync } from "../domain/sha256";

/**
 * Names a recipient's object, row and entry of the edge cache: the hex SHA-256 of the address. Of texts as short as
 * addresses it takes less time than to ask Web Crypto for it.
 *
 * @param address canonical; the pseudo-address of a recipient who was erased is made of that hash already
 */
export function recipientKey(address: string): string {
  return keyOfErased(address) ?? sha256HexSync(address);
}
