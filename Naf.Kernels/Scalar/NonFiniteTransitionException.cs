namespace Naf.Kernels.Scalar;

/// <summary>A transition has an entry that is infinite or NaN in float32; it was not stored.</summary>
internal sealed class NonFiniteTransitionException(string message) : Exception(message);
