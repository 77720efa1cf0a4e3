/// The bytes of an IDX file; shape and data may contradict each other.
public func idxBytes(_ shape: [Int], type: UInt8 = 8, data: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [0, 0, type, UInt8(shape.count)]
    for size in shape {
        for shift in [24, 16, 8, 0] { bytes.append(UInt8(size >> shift & 255)) }
    }
    return bytes + data
}
