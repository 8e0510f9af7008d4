internal import ArgumentParser

/// `shoal completion`: what makes a shell complete our commands and options.
struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print what makes a shell complete shoal's commands and options.",
        discussion: """
            bash: shoal completion bash > /etc/bash_completion.d/shoal
            zsh:  shoal completion zsh > /usr/local/share/zsh/site-functions/_shoal
            fish: shoal completion fish > ~/.config/fish/completions/shoal.fish
            """)

    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish
    }

    @Argument(help: "The shell.")
    var shell: Shell

    func run() {
        let shell: CompletionShell =
            switch shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        print(Shoal.completionScript(for: shell))
    }
}
