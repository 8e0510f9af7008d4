import ConsistentHashing
import Foundation
import SeededGenerator
import Testing

@Suite struct HashAndLogarithmTests {
    @Test("mixing is SplitMix64")
    func publishedValues() {
        // The first values of the generator seeded with 1234567, as published with other implementations.
        let gamma: UInt64 = 0x9E37_79B9_7F4A_7C15
        let published: [UInt64] = [
            6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
        ]
        #expect(published.indices.map { mixed(1_234_567 &+ UInt64($0) &* gamma) } == published)
    }

    @Test("each bit of an identity flips each bit of its hash with a probability near one half", arguments: [7, 8, 19])
    func avalanche(length: Int) {
        let samples = 400
        var generator = SeededGenerator(seed: length)
        for bit in 0..<length * 8 {
            var flips = [Int](repeating: 0, count: 64)
            for _ in 0..<samples {
                var identity = (0..<length).map { _ in UInt8.random(in: 0...255, using: &generator) }
                let hash = identityHash(identity)
                identity[bit / 8] ^= 1 << (bit % 8)
                let flipped = hash ^ identityHash(identity)
                for position in 0..<64 { flips[position] += Int(flipped >> position & 1) }
            }
            // 0.14 is more than five standard deviations.
            #expect(flips.allSatisfy { abs(Double($0) / Double(samples) - 0.5) < 0.14 }, "bit \(bit)")
        }
    }

    @Test("identities that differ in padding only have different hashes")
    func padding() {
        let identities = (0...17).map { [UInt8](repeating: 0, count: $0) }
        #expect(Set(identities.map(identityHash)).count == identities.count)
    }

    @Test("draws lie strictly between 0 and 1")
    func draws() {
        #expect(openUnitInterval(0) == 0x1p-53)
        #expect(openUnitInterval(.max) == 1 - 0x1p-53)
    }

    @Test("the logarithm agrees with the C library's to 15 digits")
    func logarithm() {
        var generator = SeededGenerator(seed: 1)
        let edges = [0x1p-53, 1 - 0x1p-53, 0.5, 0.25, 0.5.squareRoot(), 0.707, 0.7070000000000001, 0.75]
        let small = (0..<1_000).map { Double($0 + 1) * 0x1p-53 }
        let nearOne = (0..<1_000).map { 1 - Double($0 + 1) * 0x1p-53 }
        let random = (0..<100_000).map { _ in openUnitInterval(generator.next()) }
        let worst = (edges + small + nearOne + random).map { u in
            abs(negativeLogarithm(u) / -Foundation.log(u) - 1)
        }.max()!
        #expect(worst < 1e-15)
    }

    @Test("the logarithm has the same bits on every machine")
    func logarithmBits() {
        #expect(negativeLogarithm(0x1p-53).bitPattern == 0x4042_5E4F_7B27_37FA)
        #expect(negativeLogarithm(0.1).bitPattern == 0x4002_6BB1_BBB5_5515)
        #expect(negativeLogarithm(0.6).bitPattern == 0x3FE0_58AE_FA81_1452)
        #expect(negativeLogarithm(1 - 0x1p-53).bitPattern == 0x3CA0_0000_0000_0000)
    }
}
