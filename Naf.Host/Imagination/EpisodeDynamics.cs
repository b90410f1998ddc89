using Naf.Gpu.Cpu;
using Naf.Host.Settings;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Rollout.Engines;

namespace Naf.Host.Imagination;

/// <summary>
/// A model of each of the n episodes of B, which passes through it: what the regression can't explain, such as a
/// contact, happens in imagination where it happened in the episode. The models of other episodes are of no use: where
/// a fit fails there are none.
/// </summary>
internal sealed class EpisodeDynamics(
    GaussianFit fit, PackedModels packed, int first, ImaginationSettings settings, ulong seed, WorkTeam team)
    : FittedDynamics(fit, packed, first, settings.RefitEpisodes, settings, seed, team)
{
    /// <summary>That of the newest episode.</summary>
    public override int ModelOf(EpisodeRecord episode) => Models - 1;

    public override int ModelAt(EpisodeRecord episode, int place) => place;

    public override FitInput? Prepare(EpisodeMemory memory)
    {
        Ready = false;
        return base.Prepare(memory);
    }

    protected override (EpisodeRecord[][], StartClusters?, int[] Names) Choose(EpisodeMemory memory) =>
        ([.. memory.Batch.Select(e => (EpisodeRecord[])[e])], null, []);
}
