using Naf.Host.Agents;
using Naf.Host.Files;

namespace Naf.Host.Runs;

/// <summary>metrics.csv: a row per episode and learner. Nothing in it comes from a clock, so that the same run gives the same bytes.</summary>
public static class MetricsFile
{
    /// <summary>The columns; a field that was not measured is empty.</summary>
    public const string Header =
        "episode,learner,seed,step,train_score,test_score,loss,success_rate,gradient_norm,mean_q,updates,replay,test_deviation,"
        + "planned,imagined,cut,model_error,model_error_ahead,stopped";

    /// <summary>Adds a row.</summary>
    public static void Add(CsvFile metrics, EpisodeResult r) => metrics.Add(
        r.Episode, r.Learner, r.Seed, r.Step, r.TrainScore, r.Test?.Mean, Measured(r.Report.Loss), r.Test?.SuccessRate,
        Measured(r.Report.GradientNorm), Measured(r.Report.MeanQ), r.Report.Updates, r.Replay, r.Test?.StandardDeviation,
        r.Planned ? 1 : 0, r.Imagination.Steps, r.Imagination.Cuts, Measured(r.Imagination.Error?.OneStep), Measured(r.Imagination.Error?.MultiStep),
        r.Stopped);

    // the learner's means are NaN where there was no update
    private static double? Measured(double? value) => value is { } v && double.IsFinite(v) ? v : null;
}
