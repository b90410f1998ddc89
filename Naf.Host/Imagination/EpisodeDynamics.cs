using Naf.Gpu.Cpu;
using Naf.Host.Settings;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Rollout.Engines;

namespace Naf.Host.Imagination;

/// <summary>
/// A model of each of the n episodes of B, which passes through it: effects that the regression can't explain, such as
/// contacts, occur in imagination where they occurred in the episode. Models of earlier episodes are not reused, so
/// after a failed fit there are none.
/// </summary>
internal sealed class EpisodeDynamics(
    GaussianFit fit, PackedModels packed, int first, ImaginationSettings settings, ulong seed, WorkTeam team)
    : FittedDynamics(fit, packed, first, settings.RefitEpisodes, settings, seed, team)
{
    /// <summary>The model of the newest episode.</summary>
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
