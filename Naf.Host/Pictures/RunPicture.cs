using Naf.Gpu.Devices;
using Naf.Host.Common;
using Naf.Host.Evaluation;
using Naf.Host.Policies;
using Naf.Host.Runs;
using Naf.Host.Trajectories;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;
using Naf.Sim.Rendering;

namespace Naf.Host.Pictures;

/// <summary>What the policy of a run's first learner does: the last state of the first test episode.</summary>
/// <param name="Png">[bytes] of the picture; null: it could not be drawn.</param>
/// <param name="Caption">What it shows, or why there is none.</param>
internal sealed record RunPicture(byte[]? Png, string Caption)
{
    private const int ReportWidth = 480, ReportHeight = 360;

    /// <summary>
    /// For a report, of the best policy: of a run's folder drawn now, of a result file the PNG of the same name beside
    /// it.
    /// </summary>
    /// <returns>Null if the PNG is missing, or the run's environment is not simulated here.</returns>
    public static RunPicture? OfReport(string path)
    {
        string name = Path.GetFileNameWithoutExtension(path), png = Path.ChangeExtension(path, ".png");
        if (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            return !File.Exists(png) ? null : new RunPicture(
                File.ReadAllBytes(png), $"{name}: the last state of a test episode of the first seed's best policy.");
        if (RunConfig.Read(RunFolder.ConfigOf(path)).IsEnvironment) return null;
        RunPicture drawn = Draw(path, best: true, ReportWidth, ReportHeight);
        return drawn with { Caption = $"{name}: {drawn.Caption}" };
    }

    /// <summary>Plays the episode and draws it; the run may still be training.</summary>
    public static RunPicture Draw(string folder, bool best, int width, int height)
    {
        try
        {
            RunConfig config = RunConfig.Read(RunFolder.ConfigOf(folder));
            using ControlTask task = RunTask.Load(folder, config, null, static _ => { });
            using RunPolicy policy = RunPolicy.Open(task, folder, config, learner: 0, static _ => { }, best);
            using var evaluator = new Evaluator(task);
            var episode = new Trajectory();
            double? score = evaluator.Episode(policy.Act, config.Settings.TestSeed, 0, episode).Score;
            using var pictures = new LastStatePictures(task, width, height);
            return new RunPicture(pictures.Draw(episode), $"The policy of seed {config.Settings.Seed} after episode "
                + $"{policy.Episode}: the last state of a test episode; score "
                + $"{Texts.Score(score)}.");
        }
        catch (Exception e) when (e is UserException or RenderingException or SimulationException
            or DeviceException || RunTask.IsBroken(e))
        {
            return new RunPicture(null, $"There is no picture: {e.Message}");
        }
    }
}
