import Testing

@testable import coursework

@Suite struct MomentumTests {
    @Test func isListed() { #expect(Coursework.configuration.subcommands.count > 0) }
}
