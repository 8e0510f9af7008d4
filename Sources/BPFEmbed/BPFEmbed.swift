// Build tool: compiles one BPF program and writes it as Swift source, so that the daemon needs no other file.

internal import Foundation

/// `BPFEmbed CLANG SOURCE.bpf.c OUTPUT.swift CLANG-ARGUMENTS...`
@main
struct BPFEmbed {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 3 else {
            FileHandle.standardError.write(Data("usage: BPFEmbed CLANG SOURCE OUTPUT CLANG-ARGUMENTS...\n".utf8))
            exit(2)
        }
        let (clang, source, output) = (arguments[1], arguments[2], arguments[3])
        let object = output + ".o"
        let compile = try Process.run(
            URL(filePath: clang), arguments: Array(arguments[4...]) + ["-c", source, "-o", object])
        compile.waitUntilExit()
        guard compile.terminationStatus == 0 else { exit(1) }

        let bytes = try Data(contentsOf: URL(filePath: object))
        let text = """
            // Generated from \(URL(filePath: source).lastPathComponent); do not edit.

            enum CompiledProgram {
                /// The object file. Base64, since the compiler takes minutes over an array literal of this size.
                static let base64: StaticString = "\(bytes.base64EncodedString())"
            }

            """
        try text.write(toFile: output, atomically: true, encoding: .utf8)
    }
}
