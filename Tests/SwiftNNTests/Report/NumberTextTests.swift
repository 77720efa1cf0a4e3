import SwiftNN
import Testing

@Suite struct NumberTextTests {
    @Test(arguments: [
        (0.25, 4, "0.2500"), (-0.001, 2, "0.00"), (-1.5, 0, "-2"), (2.675, 1, "2.7"), (0, 3, "0.000"),
        (12_345.678, 2, "12345.68"), (.nan, 2, "NaN"), (-.infinity, 2, "-∞"), (1e300, 2, "1e+300"),
    ])
    func fixed(value: Double, digits: Int, text: String) { #expect(NumberText.fixed(value, digits: digits) == text) }

    @Test(arguments: [
        (2.000_02, 3, "2.000"), (-7.554_81, 3, "-7.554"), (0.999_9, 0, "0"), (-0.000_9, 3, "0.000"), (1.5, 1, "1.5"),
    ])
    func cutsDigitsOff(value: Double, digits: Int, text: String) {
        #expect(NumberText.fixed(value, digits: digits, rounding: .towardZero) == text)
    }

    @Test(arguments: [
        (0, "0"), (0.25, "0.25"), (1200, "1200"), (99_999.6, "100000"), (1.5e9, "1.5e9"), (0.000_123_45, "0.0001235"),
        (1e-5, "1e-5"), (9.999_99e-7, "1e-6"), (-3.14159, "-3.142"), (1e300, "1e300"), (100, "100"), (.nan, "NaN"),
        (.leastNonzeroMagnitude, "5e-324"),
    ])
    func short(value: Double, text: String) { #expect(NumberText.short(value) == text) }

    @Test func groupsOfThree() {
        #expect([0, 999, 1000, -1_234_567].map(NumberText.grouped) == ["0", "999", "1,000", "-1,234,567"])
        #expect(NumberText.grouped(.min) == "-9,223,372,036,854,775,808")
    }

    @Test func units() {
        #expect(NumberText.percent(0.9125) == "91.25 %")
        #expect(
            [0, 999, 1500, 1_880_000, 5_000_000_000].map(NumberText.bytes) == [
                "0 bytes", "999 bytes", "1.5 kB", "1.88 MB", "5 GB",
            ])
        let times: [Duration] = [.milliseconds(830), .milliseconds(42_460), .seconds(192), .seconds(7500)]
        #expect(times.map(NumberText.duration) == ["0.83 s", "42.5 s", "3 min 12 s", "2 h 5 min"])
    }
}
