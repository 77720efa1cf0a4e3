/// Measures suite after suite, and prints every row as soon as it is known.
struct Session {
    let referee: Referee
    let table: Table

    /// The rows of all cases. The ceilings are measured before every suite and after the last one; what fails is a row
    /// with the reason. A `StopSignal` leaves the cases out that are not begun.
    func measure(_ parts: [(suite: Suite, cases: [any BenchmarkCase])]) -> [Row] {
        table.printHeader()
        var rows: [Row] = []
        for (suite, cases) in parts {
            rows += measure(CeilingCase.all, of: suite)
            rows += measure(cases, of: suite)
        }
        if let last = parts.last, !last.cases.isEmpty { rows += measure(CeilingCase.all, of: last.suite) }
        if let legend = RowText.legend(rows) { print("\n" + legend) }
        return rows
    }

    private func measure(_ cases: [any BenchmarkCase], of suite: Suite) -> [Row] {
        var rows: [Row] = []
        for benchmark in cases where StopSignal.number == 0 {
            var row: Row
            do {
                row = try benchmark.measure(with: referee)
            } catch {
                row = Row(benchmark)
                row.failure = "\(error)"
            }
            row.suite = suite.rawValue
            table.printRow(row)
            rows.append(row)
        }
        return rows
    }
}
