import Foundation
import PackagePlugin

/// Compiles bpf/shoal.bpf.c with the toolchain's own clang and embeds the object into the target.
@main
struct CompileBPF: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let directory = context.package.directoryURL.appending(path: "bpf")
        let abi = directory.appending(path: "abi")
        let source = directory.appending(path: "shoal.bpf.c")
        let output = context.pluginWorkDirectoryURL.appending(path: "CompiledProgram.swift")
        let clang = try context.tool(named: "clang").url
        let headers = try [directory, abi].flatMap { folder in
            try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == "h" }
        }
        return [
            .buildCommand(
                displayName: "Compile shoal.bpf.c",
                executable: try context.tool(named: "BPFEmbed").url,
                arguments: [
                    clang.path, source.path, output.path,
                    // mcpu=v3: 32-bit arithmetic, understood from Linux 5.1 on.
                    "-O2", "-g", "-target", "bpf", "-mcpu=v3", "-Wall", "-Wextra", "-Werror",
                    // The object must not depend on where the checkout lies.
                    "-ffile-prefix-map=\(context.package.directoryURL.path)=.",
                    "-I", abi.path, "-I", "/usr/include/\(multiarchTriple)",
                ],
                inputFiles: [source] + headers,
                outputFiles: [output])
        ]
    }

    /// Where Debian keeps `asm/types.h`, which clang does not look for when it compiles for BPF.
    private var multiarchTriple: String {
        #if arch(arm64)
            "aarch64-linux-gnu"
        #else
            "x86_64-linux-gnu"
        #endif
    }
}
