/// A matrix whose columns are summed.
public struct ColumnSumsCase: KernelCase {
    public var rows: Int, columns: Int

    public var description: String { "column sums \(rows)x\(columns)" }
    public var operations: Int { rows * columns }

    /// Empty ones, channels that leave tails, narrow matrices (several rows of which are summed at once), and sizes of
    /// more than one block of rows and more than one slice of columns.
    public static let all: [ColumnSumsCase] =
        [(0, 5), (5, 0), (1, 1), (2, 3), (31, 1), (33, 7), (64, 10), (5, 17), (256, 33), (257, 31), (300, 32)]
        .map { ColumnSumsCase(rows: $0, columns: $1) }
        + [(20_000, 1), (10_000, 3), (9_000, 17), (2_000, 64), (513, 100), (600, 1_025), (3, 5_000)]
        .map { ColumnSumsCase(rows: $0, columns: $1) }
}
