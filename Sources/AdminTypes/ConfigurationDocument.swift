public import ServiceModel

/// The document of `shoal apply`, `diff`, `plan` and `export`: a configuration as YAML or JSON.
public struct ConfigurationDocument: Sendable, Hashable {
    /// The value of `apiVersion`, which every document must bear.
    public static let apiVersion = "shoal/v1"

    public let configuration: Configuration

    public init(_ configuration: Configuration) { self.configuration = configuration }

    /// Reads YAML or JSON, whose form is checked but no rule.
    ///
    /// - Throws: All that is wrong with the form, in document order.
    public init(parsing text: String) throws(Problems) {
        let reading = Reading(of: text)
        guard reading.findings.isEmpty else { throw reading.problems(with: []) }
        configuration = reading.configuration
    }

    /// Reads a document that is the whole configuration, and checks it.
    ///
    /// A field that cannot be read is reported as such; no rule looks at it, and every other problem is still found.
    ///
    /// - Returns: On failure everything that is wrong with form and content, in document order.
    public static func check(
        _ text: String, in surroundings: Surroundings = Surroundings()
    ) -> Result<CheckedConfiguration, Problems> {
        let reading = Reading(of: text)
        return reading.checked(reading.configuration, in: surroundings, unread: reading.unread) { $0 }
    }

    /// Reads a document that is applied to what is there, and checks what comes out.
    ///
    /// A document that names no region is for the region that it is applied to.
    ///
    /// - Parameter prune: Whether what the document does not name goes away.
    /// - Returns: On failure everything that is wrong, in document order; what is wrong with resources outside of
    ///   the document comes last, with names in place of indices, as in `loadBalancers["web"].vip`.
    public static func check(
        _ text: String, appliedTo current: Configuration, prune: Bool, in surroundings: Surroundings = Surroundings()
    ) -> Result<CheckedConfiguration, Problems> {
        let reading = Reading(of: text)
        var document = reading.configuration
        if !reading.statesRegion { document.region = current.region }
        let merged = current.merging(document, prune: prune)
        if prune {
            return reading.checked(merged, replacing: current, in: surroundings, unread: reading.unread) { $0 }
        }
        let paths = MergedPaths(of: document, mergedInto: current)
        let unread = Set(reading.unread.map { paths.mergedPath(of: FieldPath($0)).description })
        return reading.checked(merged, replacing: current, in: surroundings, unread: unread) {
            $0.movingPaths(paths.documentPath)
        }
    }
}

extension Reading {
    /// - Parameter place: Turns a problem of `result` into one of the document.
    fileprivate func checked(
        _ result: Configuration, replacing old: Configuration = Configuration(), in surroundings: Surroundings,
        unread: Set<String>, place: (Problem) -> Problem
    ) -> Result<CheckedConfiguration, Problems> {
        guard findings.count < Limits.problems else { return .failure(problems(with: [])) }
        guard findings.isEmpty else {
            let broken = result.problems(replacing: old, in: surroundings, unread: unread)
            return .failure(problems(with: broken.map(place)))
        }
        do {
            return .success(try CheckedConfiguration(result, replacing: old, in: surroundings))
        } catch {
            return .failure(problems(with: error.list.map(place)))
        }
    }
}
