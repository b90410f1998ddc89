namespace Naf.Kernels.Advantage;

/// <summary>Where the three heads stand in the networks' outputs: first element and row length, and the same for the gradients.</summary>
internal readonly unsafe struct NafHeads(
    float* v, float* vGradient, int vRow, float* mu, float* muGradient, int muRow, float* l, float* lGradient, int lRow)
{
    public readonly float* V = v, VGradient = vGradient, Mu = mu, MuGradient = muGradient, L = l, LGradient = lGradient;
    public readonly int VRow = vRow, MuRow = muRow, LRow = lRow;
}
