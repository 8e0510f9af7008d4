// Bytes as lower-case hexadecimal, the form of every digest, key and token here.

package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: bytes.flatMap { [digit($0 >> 4), digit($0 & 15)] }, as: UTF8.self)
}

/// Reads exactly `count` bytes, in lower case only, so that one value has one spelling.
package func hexadecimalBytes(_ text: some StringProtocol, count: Int) -> [UInt8]? {
    let upperCase = UInt8(ascii: "A")...UInt8(ascii: "F")
    guard text.utf8.count == 2 * count, !text.utf8.contains(where: { upperCase ~= $0 }) else { return nil }
    let values: [UInt8] = text.utf8.compactMap(hexadecimalValue)
    guard values.count == 2 * count else { return nil }
    return (0..<count).map { (index: Int) -> UInt8 in values[2 * index] << 4 | values[2 * index + 1] }
}

/// The value of one hexadecimal digit of either case.
func hexadecimalValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
}

private func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}

/// Whether both are the same, in a time that depends on the length only.
package func isSameInConstantTime(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
}
