/// `bits`, if they are random, as a random number in (0, 1): an odd multiple of 2⁻⁵³, so neither end is possible.
@inline(__always)
package func openUnitInterval(_ bits: UInt64) -> Double {
    Double(bits >> 11 | 1) * 0x1p-53
}

/// `-ln(u)` for a normal `u` greater than 0, accurate to about 15 digits.
///
/// The C library's `log` may differ in its last bit from one library, version or processor to the next, and one bit is
/// enough for two nodes to send a slot's flows to different targets. IEEE 754 defines `+ - * /` to the last bit, and Swift
/// does not fuse them, so whatever is built from them alone is the same everywhere.
package func negativeLogarithm(_ u: Double) -> Double {
    // u = significand · 2^exponent, taken from the bits, with the significand in about √½ ..< √2, where the series is
    // short and, for u near 1, nothing cancels.
    var exponent = Double(Int(u.bitPattern >> 52) - 1023)
    var significand = Double(bitPattern: u.bitPattern & 0x000F_FFFF_FFFF_FFFF | 0x3FF0_0000_0000_0000)
    if significand > 1.414 {
        significand *= 0.5
        exponent += 1
    }

    // ln(x) = 2·(s + s³/3 + s⁵/5 + …) with s = (x - 1) / (x + 1). s² < 0.03, so that the first term left out, s²¹/21,
    // is less than the last bit of the sum.
    let s = (significand - 1) / (significand + 1)
    let square = s * s
    var series = 1.0 / 19
    for divisor in [17.0, 15, 13, 11, 9, 7, 5, 3, 1] {
        series = series * square + 1 / divisor
    }
    return -(exponent * 0.693_147_180_559_945_3 + 2 * s * series)
}
