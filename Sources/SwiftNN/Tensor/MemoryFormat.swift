/// How the elements of a tensor follow each other in memory. The logical shape does not depend on it.
public enum MemoryFormat: Sendable, Hashable {
    /// The last dimension varies fastest, as the shape is written.
    case contiguous
    /// For [N, C, spatial...]: channels vary fastest, then the spatial dimensions, then N. What the kernels use for images
    /// and sequences.
    case channelsLast
}
