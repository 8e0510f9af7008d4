// swift-tools-version:6.2
import PackageDescription

// One language mode and the same upcoming features everywhere, so that a file can move between targets.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Makes an executable that needs libc, libstdc++ and libsqlite3 only: neither the Swift runtime nor a file of ours.
///
/// A plain `swift build` must give such a program, so this does by hand what `--static-swift-stdlib` does: that flag
/// would also apply to the test bundle, whose Testing library is dynamic. The group is there because the archives
/// of Foundation refer to each other.
let selfContained: [LinkerSetting] = [
    .unsafeFlags(
        ["-static-stdlib", "-Xlinker", "--start-group"]
            + [
                "Foundation", "CoreFoundation", "_FoundationICU", "_FoundationCShims", "_FoundationCollections",
                "FoundationInternationalization", "FoundationEssentials", "swiftSynchronization",
                "swift_StringProcessing", "swift_RegexParser", "stdc++",
            ].map { "-l" + $0 }
            + ["-Xlinker", "--end-group"])
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "shoal",
    products: [
        .executable(name: "shoald", targets: ["shoald"]),
        .executable(name: "shoal", targets: ["shoal"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // Pure: no I/O, no clock, no logger.
        .target(name: "NetworkTypes", swiftSettings: strict),
        .target(name: "ServiceModel", dependencies: ["NetworkTypes"], swiftSettings: strict),
        .target(name: "ConsistentHashing", swiftSettings: strict),
        .target(
            name: "TableCompiler", dependencies: ["ConsistentHashing", "ServiceModel", "NetworkTypes"],
            swiftSettings: strict),
        .target(name: "Authentication", dependencies: [crypto], swiftSettings: strict),
        .target(name: "AdminTypes", dependencies: ["ServiceModel", "NetworkTypes", yams], swiftSettings: strict),
        .target(
            name: "CommandText", dependencies: ["AdminTypes", "ServiceModel", "NetworkTypes"], swiftSettings: strict),

        // The kernel.
        .systemLibrary(name: "CShoalABI", path: "bpf/abi"),
        .systemLibrary(name: "CLibBPF", providers: [.apt(["libbpf-dev", "libelf-dev", "zlib1g-dev"])]),
        .target(
            name: "BPFRuntime", dependencies: ["CLibBPF"], swiftSettings: strict,
            // Static archives: the daemon runs where no libbpf is installed.
            linkerSettings: [
                .linkedLibrary(":libbpf.a"), .linkedLibrary(":libelf.a"), .linkedLibrary(":libz.a"),
            ]),
        .executableTarget(name: "BPFEmbed", swiftSettings: strict),
        .plugin(name: "CompileBPF", capability: .buildTool(), dependencies: ["BPFEmbed"]),
        .target(
            name: "Dataplane", dependencies: ["BPFRuntime", "CShoalABI", "TableCompiler", "NetworkTypes"],
            swiftSettings: strict, plugins: ["CompileBPF"]),
        .target(
            name: "CHostNetwork",
            cSettings: [.unsafeFlags(["-I/usr/include/libnl3"])],
            linkerSettings: [.linkedLibrary(":libnl-3.a")]),
        .target(name: "HostNetwork", dependencies: ["CHostNetwork", "NetworkTypes"], swiftSettings: strict),

        // The controller.
        .target(
            name: "HealthChecking", dependencies: ["ServiceModel", "NetworkTypes", nioCore, nioPosix, logging],
            swiftSettings: strict),
        .target(name: "Store", dependencies: ["ServiceModel", "AdminTypes", grdb], swiftSettings: strict),
        .target(
            name: "ControlPlane",
            dependencies: [
                "TableCompiler", "ServiceModel", "HealthChecking", "Store", "NetworkTypes", logging, serviceLifecycle,
            ], swiftSettings: strict),
        .target(
            name: "AdminAPI",
            dependencies: [
                "AdminTypes", "Authentication", "ControlPlane", "HealthChecking", "ServiceModel", "Store",
                "TableCompiler", "NetworkTypes", crypto, hummingbird, hummingbirdCore, logging, nioCore, nioHTTP1,
                nioPosix, nioSSL,
                serviceLifecycle,
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "shoald",
            dependencies: [
                "AdminAPI", "AdminTypes", "Authentication", "ControlPlane", "Dataplane", "HealthChecking",
                "HostNetwork", "Store", "ServiceModel", "TableCompiler", "NetworkTypes", argumentParser, logging,
                serviceLifecycle, unixSignals, hummingbird, yams,
            ], swiftSettings: strict, linkerSettings: selfContained),
        .executableTarget(
            name: "shoal",
            dependencies: [
                "CommandText", "AdminTypes", "ServiceModel", "Dataplane", "HostNetwork", "Store", "TableCompiler",
                "NetworkTypes", argumentParser, asyncHTTPClient, nioCore, nioHTTP1, unixSignals, yams,
            ], swiftSettings: strict, linkerSettings: selfContained),

        // Tests; those of the lab are in Python, run by scripts/test.
        .target(name: "CNetworkNamespace", path: "Tests/Support/CNetworkNamespace"),
        .target(
            name: "NetworkNamespace", dependencies: ["CNetworkNamespace"], path: "Tests/Support/NetworkNamespace",
            swiftSettings: strict),
        .target(name: "SeededGenerator", path: "Tests/Support/SeededGenerator", swiftSettings: strict),
        .testTarget(name: "NetworkTypesTests", dependencies: ["NetworkTypes"]),
        .testTarget(name: "ServiceModelTests", dependencies: ["ServiceModel", "NetworkTypes"]),
        .testTarget(name: "ConsistentHashingTests", dependencies: ["ConsistentHashing", "SeededGenerator"]),
        .testTarget(
            name: "TableCompilerTests",
            dependencies: [
                "TableCompiler", "ServiceModel", "ConsistentHashing", "NetworkTypes", "SeededGenerator",
            ]),
        .testTarget(
            name: "HealthCheckingTests",
            dependencies: [
                "HealthChecking", "ServiceModel", "NetworkTypes", "NetworkNamespace", "SeededGenerator", nioCore,
                nioPosix,
            ]),
        .testTarget(
            name: "ControlPlaneTests",
            dependencies: [
                "ControlPlane", "TableCompiler", "ConsistentHashing", "HealthChecking", "Store", "ServiceModel",
                "NetworkTypes", logging,
            ]),
        .testTarget(name: "AdminTypesTests", dependencies: ["AdminTypes", "ServiceModel", "NetworkTypes"]),
        .testTarget(name: "CommandTextTests", dependencies: ["CommandText", "AdminTypes", "ServiceModel"]),
        .testTarget(
            name: "AdminAPITests",
            dependencies: [
                "AdminAPI", "AdminTypes", "Authentication", "ControlPlane", "HealthChecking", "ServiceModel", "Store",
                "TableCompiler", "NetworkTypes", crypto, hummingbird, logging, nioCore, nioEmbedded, nioHTTP1,
                serviceLifecycle,
            ]),
        .executableTarget(
            name: "StoreWriter", dependencies: ["Store", "ServiceModel", "NetworkTypes"],
            path: "Tests/Support/StoreWriter", swiftSettings: strict),
        .testTarget(
            name: "StoreTests", dependencies: ["Store", "StoreWriter", "ServiceModel", "NetworkTypes", grdb]),
        .testTarget(
            name: "AuthenticationTests", dependencies: ["Authentication", "SeededGenerator", crypto],
            exclude: ["Fixtures"]),
        .testTarget(name: "HostNetworkTests", dependencies: ["HostNetwork", "NetworkTypes", "NetworkNamespace"]),
        .testTarget(
            name: "PacketTests",
            dependencies: [
                "Dataplane", "BPFRuntime", "ConsistentHashing", "CShoalABI", "HostNetwork", "NetworkNamespace",
                "SeededGenerator", "TableCompiler", "NetworkTypes",
            ]),
    ],
    swiftLanguageModes: [.v6]
)
