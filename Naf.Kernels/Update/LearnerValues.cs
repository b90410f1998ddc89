namespace Naf.Kernels.Update;

/// <summary>The value, policy and advantage of many samples, in scaled rewards.</summary>
/// <param name="V">[samples], V(x); of DDPG Q(x, μ(x)).</param>
/// <param name="Mu">[samples, action], μ(x).</param>
/// <param name="Lower">
/// [samples, action (action + 1) / 2], L(x), row by row: (0,0), (1,0), (1,1), …; empty for a learner without L.
/// </param>
/// <param name="Advantage">[k, samples], A(x, u) = Q(x, u) − V(x).</param>
/// <param name="Q">[k, samples], Q(x, u).</param>
internal readonly record struct LearnerValues(float[] V, float[] Mu, float[] Lower, float[] Advantage, float[] Q);
