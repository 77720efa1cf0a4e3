/// The sums of the columns of a row-major matrix, added to `initial`.
@specialized(where T == Double)
@specialized(where T == Float)
public func referenceColumnSums<T: BinaryFloatingPoint>(rows: Int, columns: Int, x: [T], initial: [T]) -> [T] {
    var sums = initial
    for row in 0..<rows {
        for column in 0..<columns { sums[column] += x[row * columns + column] }
    }
    return sums
}
