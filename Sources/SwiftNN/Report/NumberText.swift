#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Numbers as people read them; the same text under every locale.
public enum NumberText {
    /// A number with so many digits after the point: "0.2500". NaN and infinities are words; numbers too long for this have
    /// an exponent.
    ///
    /// - Parameter rounding: `.towardZero` cuts the rest of the digits off.
    public static func fixed(
        _ value: Double, digits: Int, rounding: FloatingPointRoundingRule = .toNearestOrAwayFromZero
    ) -> String {
        guard value.isFinite else { return word(value) }
        let scaled = (value * powerOfTen(digits)).rounded(rounding).magnitude
        guard scaled < 1e15 else { return "\(value)" }
        let sign = value < 0 && scaled > 0 ? "-" : ""
        let all = String(Int(scaled))
        guard digits > 0 else { return sign + all }
        let padded = String(repeating: "0", count: max(digits + 1 - all.count, 0)) + all
        return "\(sign)\(padded.dropLast(digits)).\(padded.suffix(digits))"
    }

    /// A number of any size with so many significant digits and no idle zeros: "0.25", "1200", "3.1e-5".
    public static func short(_ value: Double, significant: Int = 4) -> String {
        guard value.isFinite, value != 0 else { return value == 0 ? "0" : word(value) }
        guard value.isNormal else { return "\(value)" }
        let exponent = Int(log10(value.magnitude).rounded(.down))
        if exponent >= -4 && exponent < max(significant, 6) {
            return withoutIdleZeros(fixed(value, digits: max(significant - 1 - exponent, 0)))
        }
        let mantissa = withoutIdleZeros(fixed(value / powerOfTen(exponent), digits: significant - 1))
        // 9.9999 rounds to 10.
        guard mantissa.hasSuffix("10") else { return "\(mantissa)e\(exponent)" }
        return "\(mantissa.dropLast())e\(exponent + 1)"
    }

    /// A part of a whole: "91.25 %" for 0.9125.
    public static func percent(_ part: Double, digits: Int = 2) -> String { "\(fixed(100 * part, digits: digits)) %" }

    /// A whole number with a comma after every three digits: "1,234,567".
    public static func grouped(_ value: Int) -> String {
        let digits = Array(String(value.magnitude))
        let groups = stride(from: digits.count, to: 0, by: -3).map { String(digits[max($0 - 3, 0)..<$0]) }
        return (value < 0 ? "-" : "") + groups.reversed().joined(separator: ",")
    }

    /// The same for a number cut to a whole one: "1,234" for 1234.5.
    public static func grouped(_ value: Double) -> String {
        grouped(Int(exactly: value.rounded(.towardZero)) ?? (value > 0 ? .max : value < 0 ? .min : 0))
    }

    /// A number of bytes: "947 bytes", "1.88 MB" (of 1,000,000 bytes).
    public static func bytes(_ count: Int) -> String {
        let units = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")]
        guard let (size, unit) = units.first(where: { Double(count) >= $0.0 }) else { return "\(count) bytes" }
        return "\(short(Double(count) / size, significant: 3)) \(unit)"
    }

    /// A time: "0.83 s", "42.5 s", "3 min 12 s", "2 h 5 min".
    public static func duration(_ duration: Duration) -> String {
        let seconds = duration / .seconds(1)
        guard seconds >= 60 else { return "\(short(seconds, significant: 3)) s" }
        let whole = Int(seconds.rounded())
        guard whole >= 3600 else { return "\(whole / 60) min \(whole % 60) s" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }

    private static func word(_ value: Double) -> String { value.isNaN ? "NaN" : value < 0 ? "-∞" : "∞" }

    private static func withoutIdleZeros(_ text: String) -> String {
        guard text.contains("."), !text.contains("e") else { return text }
        let digits = text.reversed().drop { $0 == "0" }
        return String(String(digits.first == "." ? digits.dropFirst() : digits).reversed())
    }

    /// The number nearest to a power of ten.
    static func powerOfTen(_ exponent: Int) -> Double { Double("1e\(exponent)") ?? .infinity }
}
