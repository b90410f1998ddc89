using Naf.Kernels.Checkpoints;

namespace Naf.Host.Evaluation;

/// <summary>The test scores of one learner: the best so far, and the last.</summary>
internal sealed class TestScores
{
    /// <summary>Mean score of the best test; null before the first.</summary>
    public double? Best { get; private set; }

    /// <summary>Training episodes before that test.</summary>
    public int BestEpisode { get; private set; }

    /// <summary>Mean score of the last test; null before the first.</summary>
    public double? Last { get; private set; }

    /// <summary>Adds a test; a score that is not finite counts as none.</summary>
    /// <returns>Whether it is the best so far; the first of equal ones is.</returns>
    public bool Add(int episode, double score)
    {
        Last = double.IsFinite(score) ? score : null;
        if (Last is null || Best >= score) return false;
        (Best, BestEpisode) = (score, episode);
        return true;
    }

    public void Serialise(CheckpointScope scope)
    {
        (Best, Last) = (Score("best", Best), Score("last", Last));
        BestEpisode = scope.Value("best_episode", BestEpisode);

        double? Score(string name, double? score) =>
            scope.Value(name, score ?? double.NaN) is var kept && double.IsNaN(kept) ? null : kept;
    }
}
