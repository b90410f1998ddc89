using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Host.Settings;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Rollout.Engines;
using Naf.Kernels.Scalar;

namespace Naf.Host.Imagination;

/// <summary>
/// The fitted dynamics of a population: one fit for all learners that are due, whose models stay on the device that fits them. A learner's models do
/// not depend on which others are due, bitwise.
/// </summary>
internal sealed class PopulationDynamics : IDisposable
{
    /// <summary>Why dynamics that overflow are not used.</summary>
    public const string NotFinite = "they are not finite";

    private readonly GaussianFit _fit;
    private readonly FittedDynamics[] _learners;
    private readonly bool _ofEpisodes;

    /// <param name="device">Where to fit; it must outlive this.</param>
    /// <param name="horizon">Time steps T of an episode.</param>
    /// <param name="planned">Whether some episodes are planned.</param>
    /// <param name="team">Threads for the prior.</param>
    public PopulationDynamics(
        Device device, DynamicsSpace space, int horizon, ImaginationSettings settings, IReadOnlyList<ulong> seeds, bool planned, WorkTeam team)
    {
        var shape = new DynamicsShape(horizon, space.Size, space.Action);
        _ofEpisodes = settings.Around == LinearisationPoint.Episode;
        int models = _ofEpisodes ? settings.RefitEpisodes : settings.InitialStates * (planned ? 2 : 1);
        _fit = new GaussianFit(device, shape, seeds.Count * models, _ofEpisodes ? 1 : settings.RefitEpisodes,
            new GaussianFitSettings { Ridge = settings.Ridge });
        try
        {
            Packed = new PackedModels(device, shape, seeds.Count * models);
        }
        catch
        {
            _fit.Dispose();
            throw;
        }
        _learners = [.. seeds.Select((seed, k) =>
            new FittedDynamics(_fit, Packed, k * models, models, settings, seed, planned, team))];
    }

    public int Learners => _learners.Length;

    /// <summary>The good models of all learners, [learners, models].</summary>
    public PackedModels Packed { get; }

    public FittedDynamics this[int learner] => _learners[learner];

    /// <summary>Fits the dynamics of all learners that are due, each to its newest episodes.</summary>
    /// <param name="due">Learners and their episodes, each with a full B.</param>
    /// <returns>Why a learner has no new dynamics, so that the last good ones stay; null where it has.</returns>
    public string?[] Refit(IReadOnlyList<(int Learner, EpisodeMemory Memory)> due)
    {
        var problems = new string?[due.Count];
        var inputs = new FitInput?[due.Count];
        for (int i = 0; i < due.Count; i++)
            problems[i] = Try(() =>
            {
                inputs[i] = _learners[due[i].Learner].Prepare(due[i].Memory);
                return inputs[i] is null ? "some of them have no episode" : null;
            });
        int[] fitted = [.. Enumerable.Range(0, due.Count).Where(i => inputs[i] is not null)];
        if (fitted.Length == 0) return problems;

        GaussianPrior? prior = inputs[fitted[0]]!.Prior is not { } first ? null : first with
        {
            Mean = [.. fitted.SelectMany(i => inputs[i]!.Prior!.Mean)], Scatter = [.. fitted.SelectMany(i => inputs[i]!.Prior!.Scatter)],
        };
        _fit.Fit(prior, [.. fitted.SelectMany(i => Enumerable.Repeat(inputs[i]!.Scale, _learners[0].Models).SelectMany(s => s))],
            [.. fitted.SelectMany(i => _learners[due[i].Learner].Places)], through: _ofEpisodes);
        foreach (int i in fitted)
            if (!_learners[due[i].Learner].TakeOver(inputs[i]!)) problems[i] = NotFinite;
        return problems;
    }

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

    public void Save(BinaryWriter writer)
    {
        foreach (FittedDynamics learner in _learners) learner.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        foreach (FittedDynamics learner in _learners) learner.Load(reader);
    }

    public void Dispose()
    {
        _fit.Dispose();
        Packed.Dispose();
    }
}

/// <summary>What a learner's fit takes beside the episodes, and what is known after it.</summary>
/// <param name="Recent">[samples, D], the recent samples.</param>
/// <param name="Scale">[D], 1 / standard deviation of them.</param>
/// <param name="Prior">That of each model, or null.</param>
/// <param name="Clusters">The Gaussians of the initial states; null where there is one.</param>
/// <param name="Names">The number of each cluster.</param>
internal sealed record FitInput(double[] Recent, double[] Scale, GaussianPrior? Prior, StartClusters? Clusters, int[] Names);
