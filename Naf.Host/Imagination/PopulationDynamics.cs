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
/// The fitted dynamics of a population: one fit for all learners that are due, whose models stay on the device that
/// fits them. A learner's models do not depend on which others are due, bitwise.
/// </summary>
/// <typeparam name="T">Of what they are a linearisation.</typeparam>
internal sealed class PopulationDynamics<T> : IDisposable where T : FittedDynamics
{
    private readonly DisposeScope _opened;
    private readonly GaussianFit _fit;
    private readonly T[] _learners;
    private readonly bool _through;

    /// <param name="opened">Takes what is allocated; this disposes it.</param>
    /// <param name="device">Where to fit; it must outlive this.</param>
    /// <param name="models">Models of a learner.</param>
    /// <param name="episodes">Episodes that each is fitted to.</param>
    /// <param name="through">Whether a model passes through its only episode.</param>
    /// <param name="make">Makes a learner's dynamics from the first of its places in the fit and its seed.</param>
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
    /// <returns>Why a learner has no new dynamics, so that the last good ones stay; null where it has.</returns>
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

/// <summary>The dynamics of populations, and what a fit is refused for.</summary>
internal static class PopulationDynamics
{
    /// <summary>Why dynamics that overflow are not used.</summary>
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

    /// <summary>Runs what may find numbers that can't be fitted.</summary>
    /// <returns>Why it failed; null where it did not.</returns>
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

/// <summary>What a learner's fit takes beside the episodes, and what is known after it.</summary>
/// <param name="Recent">[samples, D], the recent samples.</param>
/// <param name="Scale">[D], 1 / standard deviation of them.</param>
/// <param name="Prior">That of each model, or null.</param>
/// <param name="Clusters">The Gaussians of the initial states; null where there is one.</param>
/// <param name="Names">The number of each cluster.</param>
internal sealed record FitInput(
    double[] Recent, double[] Scale, GaussianPrior? Prior, StartClusters? Clusters, int[] Names);
