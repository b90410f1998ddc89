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

    /// <summary>Takes up a test. A score that is not a finite number counts as none.</summary>
    public void Add(int episode, double score)
    {
        Last = double.IsFinite(score) ? score : null;
        if (Last is null || Best >= score) return;
        (Best, BestEpisode) = (score, episode);
    }

    internal void Save(BinaryWriter writer)
    {
        writer.Write(Best ?? double.NaN);
        writer.Write(BestEpisode);
        writer.Write(Last ?? double.NaN);
    }

    internal void Load(BinaryReader reader)
    {
        Best = Read();
        BestEpisode = reader.ReadInt32();
        Last = Read();
        double? Read() => reader.ReadDouble() is var score && double.IsNaN(score) ? null : score;
    }
}
