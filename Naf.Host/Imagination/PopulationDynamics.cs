using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Host.Common;
using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Rollout.Engines;
using Naf.Kernels.Scalar;

namespace Naf.Host.Imagination;

/// <summary>
/// The fitted dynamics of a population: one fit for all learners that are due, whose models stay on the device. A
/// learner's models do not depend, bitwise, on which other learners are due.
/// </summary>
/// <typeparam name="T">Batch or episode dynamics.</typeparam>
internal sealed class PopulationDynamics<T> : IDisposable where T : FittedDynamics
{
    private readonly DisposeScope _opened;
    private readonly GaussianFit _fit;
    private readonly T[] _learners;
    private readonly bool _through;

    /// <param name="opened">Owns what is allocated; disposed with this object.</param>
    /// <param name="device">Device of the fit; must outlive this object.</param>
    /// <param name="models">Models per learner.</param>
    /// <param name="episodes">Episodes per model.</param>
    /// <param name="through">Whether a model passes through its only episode.</param>
    /// <param name="make">Creates a learner's dynamics from its first index in the fit and its seed.</param>
    public PopulationDynamics(
        DisposeScope opened, Device device, DynamicsShape shape, int models, int episodes, bool through, double ridge,
        IReadOnlyList<ulong> seeds, Func<GaussianFit, PackedModels, int, ulong, T> make)
    {
        (_opened, _through) = (opened, through);
        var settings = new GaussianFitSettings { Ridge = ridge };
        _fit = opened.Add(new GaussianFit(device, shape, seeds.Count * models, episodes, settings));
        PackedModels packed = opened.Add(new PackedModels(device, shape, seeds.Count * models));
        _learners = [.. seeds.Select((seed, k) => make(_fit, packed, k * models, seed))];
    }

    public IReadOnlyList<T> Learners => _learners;

    public T this[int learner] => _learners[learner];

    /// <summary>Fits the dynamics of all learners that are due, each to its newest episodes.</summary>
    /// <param name="due">Learners and their episodes, each with a full B.</param>
    /// <returns>For each learner, why its last good dynamics are kept; null if it has new ones.</returns>
    public string?[] Refit(IReadOnlyList<(int Learner, EpisodeMemory Memory)> due)
    {
        var problems = new string?[due.Count];
        var inputs = new FitInput?[due.Count];
        for (int i = 0; i < due.Count; i++)
            problems[i] = PopulationDynamics.Try(() =>
            {
                inputs[i] = _learners[due[i].Learner].Prepare(due[i].Memory);
                return inputs[i] is null ? "some of them have no episode" : null;
            });
        int[] fitted = [.. Enumerable.Range(0, due.Count).Where(i => inputs[i] is not null)];
        if (fitted.Length == 0) return problems;

        GaussianPrior? prior = inputs[fitted[0]]!.Prior is not { } first ? null : first with
        {
            Mean = [.. fitted.SelectMany(i => inputs[i]!.Prior!.Mean)],
            Scatter = [.. fitted.SelectMany(i => inputs[i]!.Prior!.Scatter)],
        };
        _fit.Fit(prior,
            [.. fitted.SelectMany(i => Enumerable.Repeat(inputs[i]!.Scale, _learners[0].Models).SelectMany(s => s))],
            [.. fitted.SelectMany(i => _learners[due[i].Learner].Places)], through: _through);
        foreach (int i in fitted)
            if (!_learners[due[i].Learner].TakeOver(inputs[i]!)) problems[i] = PopulationDynamics.NotFinite;
        return problems;
    }

    public void Serialise(CheckpointScope scope)
    {
        for (int k = 0; k < _learners.Length; k++) _learners[k].Serialise(scope.Scope($"learner.{k}"));
    }

    public void Dispose() => _opened.Dispose();
}

/// <summary>Creates the dynamics of populations, and holds the reasons to reject a fit.</summary>
internal static class PopulationDynamics
{
    /// <summary>The reason to reject dynamics that overflow.</summary>
    public const string NotFinite = "they are not finite";

    /// <param name="horizon">Time steps T of an episode.</param>
    /// <param name="planned">Whether some episodes are planned.</param>
    /// <param name="team">Threads for the prior.</param>
    public static PopulationDynamics<BatchDynamics> OfBatches(
        Device device, DynamicsSpace space, int horizon, ImaginationSettings settings, IReadOnlyList<ulong> seeds,
        bool planned, WorkTeam team)
    {
        int modes = planned ? 2 : 1;
        return DisposeScope.Open(opened => new PopulationDynamics<BatchDynamics>(
            opened, device, space.Shape(horizon), modes * settings.InitialStates, settings.RefitEpisodes,
            through: false, settings.Ridge, seeds,
            (fit, packed, first, seed) => new BatchDynamics(fit, packed, first, modes, settings, seed, team)));
    }

    /// <inheritdoc cref="OfBatches"/>
    public static PopulationDynamics<EpisodeDynamics> OfEpisodes(
        Device device, DynamicsSpace space, int horizon, ImaginationSettings settings, IReadOnlyList<ulong> seeds,
        WorkTeam team) =>
        DisposeScope.Open(opened => new PopulationDynamics<EpisodeDynamics>(
            opened, device, space.Shape(horizon), settings.RefitEpisodes, 1, through: true, settings.Ridge, seeds,
            (fit, packed, first, seed) => new EpisodeDynamics(fit, packed, first, settings, seed, team)));

    /// <summary>Runs a fit that may reject its samples.</summary>
    /// <returns>Why it failed; null on success.</returns>
    public static string? Try(Func<string?> fit)
    {
        try
        {
            return fit();
        }
        catch (Exception error) when (error is ArgumentException or NonFiniteTransitionException)
        {
            return error.Message;
        }
    }
}

/// <summary>Inputs of a learner's fit besides the episodes, and the clusters of its initial states.</summary>
/// <param name="Recent">[samples, D], the recent samples.</param>
/// <param name="Scale">[D], 1 / their standard deviation.</param>
/// <param name="Prior">Prior of each model, or null.</param>
/// <param name="Clusters">The Gaussians of the initial states; null if there is only one.</param>
/// <param name="Names">The number of each cluster.</param>
internal sealed record FitInput(
    double[] Recent, double[] Scale, GaussianPrior? Prior, StartClusters? Clusters, int[] Names);
