#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One direction of a chart: which numbers it shows, and where it has marks.
package struct ChartAxis {
    package struct Tick: Equatable {
        package let value: Double
        package let label: String
    }

    package let scale: LineChart.Scale
    package let domain: ClosedRange<Double>
    package let ticks: [Tick]

    /// An axis for the given numbers; those it cannot show are passed over.
    ///
    /// - Parameters:
    ///   - maximumTicks: about how many marks there is room for.
    ///   - endsAtTicks: widens the domain to the next marks.
    package init(_ values: [Double], scale: LineChart.Scale, maximumTicks: Int, endsAtTicks: Bool) {
        self.scale = scale
        let shown = values.filter { Self.canShow($0, on: scale) }
        switch scale {
        case .linear:
            let extent = Self.widened(shown)
            let isWhole = !shown.isEmpty && shown.allSatisfy { $0 == $0.rounded() }
            let step = Self.niceStep(extent, maximumTicks: maximumTicks, isWhole: isWhole && !endsAtTicks)
            domain = endsAtTicks ? Self.rounded(extent, to: step) : extent
            ticks = Self.linearTicks(domain, step: step)
        case .logarithmic:
            let (low, high) = (shown.min() ?? 0.1, shown.max() ?? 1)
            let extent = log(high) - log(low)
            let margin = extent > 1e-9 ? exp(0.04 * extent) : 2
            domain = max(low / margin, .leastNonzeroMagnitude)...min(high * margin, .greatestFiniteMagnitude)
            ticks = Self.logarithmicTicks(domain, maximumTicks: maximumTicks)
        }
    }

    /// Whether a number has a place on such an axis. Numbers so large that differences overflow have none, and on a
    /// logarithmic one those too small for all their digits.
    package static func canShow(_ value: Double, on scale: LineChart.Scale) -> Bool {
        value.magnitude < 1e300 && (scale == .linear || value >= .leastNormalMagnitude)
    }

    /// Where a number stands, from 0 to 1.
    package func position(of value: Double) -> Double {
        let (low, high) = (domain.lowerBound, domain.upperBound)
        switch scale {
        case .linear: return (value - low) / (high - low)
        case .logarithmic: return (log(value) - log(low)) / (log(high) - log(low))
        }
    }

    // MARK: Linear

    /// The range of the numbers, with some room where they are all the same.
    private static func widened(_ values: [Double]) -> ClosedRange<Double> {
        guard let low = values.min(), let high = values.max() else { return 0...1 }
        let size = max(low.magnitude, high.magnitude)
        guard high - low <= max(1e-12 * size, 1e-300) else { return low...high }
        let margin = size < 5 ? 0.5 : 0.1 * size
        return low - margin...high + margin
    }

    /// 1, 2 or 5 times a power of ten.
    private static func niceStep(_ extent: ClosedRange<Double>, maximumTicks: Int, isWhole: Bool) -> Double {
        let rough = (extent.upperBound - extent.lowerBound) / Double(maximumTicks)
        let unit = NumberText.powerOfTen(Int(log10(rough).rounded(.down)))
        let step = [1, 2, 5].map { $0 * unit }.first { $0 >= rough * (1 - 1e-9) } ?? 10 * unit
        return isWhole ? max(step, 1) : step
    }

    private static func rounded(_ extent: ClosedRange<Double>, to step: Double) -> ClosedRange<Double> {
        let low = (extent.lowerBound / step + 1e-9).rounded(.down)
        let high = (extent.upperBound / step - 1e-9).rounded(.up)
        return low * step...max(high, low + 1) * step
    }

    private static func linearTicks(_ domain: ClosedRange<Double>, step: Double) -> [Tick] {
        let first = (domain.lowerBound / step - 1e-9).rounded(.up)
        let last = (domain.upperBound / step + 1e-9).rounded(.down)
        let digits = max(Int((-log10(step) - 1e-9).rounded(.up)), 0)
        let largest = max(first.magnitude, last.magnitude)
        let isPlain = digits <= 4 && largest * step < 1e7
        // As many digits as tell neighbours apart.
        let significant = Int(log10(max(largest, 1))) + 2
        return stride(from: first, through: last, by: 1).map { index in
            let value = index * step
            let label =
                isPlain ? NumberText.fixed(value, digits: digits) : NumberText.short(value, significant: significant)
            return Tick(value: value, label: label)
        }
    }

    // MARK: Logarithmic

    /// Powers of ten; with numbers between them where there would be few marks.
    private static func logarithmicTicks(_ domain: ClosedRange<Double>, maximumTicks: Int) -> [Tick] {
        let first = Int(log10(domain.lowerBound).rounded(.down))
        let last = Int(log10(domain.upperBound).rounded(.up))
        let decade = max((last - first) / maximumTicks, 1)
        for mantissas in [[1], [1, 2, 5], [1, 2, 3, 4, 6, 8]] {
            let values = stride(from: first, through: last, by: decade).flatMap { exponent in
                mantissas.map { Double($0) * NumberText.powerOfTen(exponent) }
            }.filter(domain.contains)
            guard values.count < 3 else {
                return values.map { Tick(value: $0, label: NumberText.short($0)) }
            }
        }
        return linearTicks(domain, step: niceStep(domain, maximumTicks: maximumTicks, isWhole: false))
    }
}
