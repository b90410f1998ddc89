using Naf.Host.Settings;

namespace Naf.Host.Sweeps;

/// <summary>A candidate of a sweep: the values that it differs in, and all its settings.</summary>
/// <param name="Number">From 1; also the name of its run's folder.</param>
internal sealed record Candidate(int Number, ImmutableArray<GivenValue> Values, TrainingSettings Settings)
{
    /// <summary>The values as <c>naf train --set</c> takes them.</summary>
    public IEnumerable<string> Assignments => Values.Select(value => $"{value.Key}={value.Value}");

    public string RunIn(string folder) =>
        Path.Combine(folder, Number.ToString("D3", CultureInfo.InvariantCulture));
}

/// <summary>What a sweep's file says.</summary>
/// <param name="File">The file's path.</param>
/// <param name="Task">A built-in task's name, or the path of a task's file.</param>
/// <param name="Fixed">Episodes and the settings that all candidates share.</param>
/// <param name="Keys">The settings that candidates differ in.</param>
/// <param name="LeftOut">Combinations that are left out, since their settings exclude each other.</param>
/// <param name="Reason">Why the first of them is.</param>
internal sealed record SweepPlan(
    string File, string Task, SeedRange Seeds, ImmutableArray<GivenValue> Fixed, ImmutableArray<string> Keys,
    IReadOnlyList<Candidate> Candidates, Halving? Halving, int LeftOut, string? Reason)
{
    public int Episodes => Candidates[0].Settings.Episodes;

    /// <summary>The episodes at the end of each rung; one without halving.</summary>
    public ImmutableArray<int> Rungs => Halving?.Rungs(Episodes, Candidates[0].Settings.TestEvery) ?? [Episodes];

    /// <summary>How many candidates continue after a rung with so many.</summary>
    public int Kept(int candidates) => Halving?.Kept(candidates) ?? candidates;

    /// <summary>The command that trains a candidate on its own.</summary>
    public string CommandOf(Candidate candidate) => TrainCommandLine.Of(
        Task, Seeds, Fixed.Concat(candidate.Values).Select(value => (value.Key, value.Value)));
}
