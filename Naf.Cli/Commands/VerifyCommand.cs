using System.CommandLine;
using Naf.Cli.Common;
using Naf.Gpu.Cpu;
using Naf.Host.Common;
using Naf.Host.Policies;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Sim.Control;

namespace Naf.Cli.Commands;

/// <summary><c>naf evaluate RUN --verify</c>: scores the best and the last policy of every learner.</summary>
internal static class VerifyCommand
{
    // options that choose what the verification determines
    private static readonly string[] Others =
        ["--policy", "--learner", "--seed", "--trajectory", "--values", "--device"];

    /// <returns>The exit code.</returns>
    /// <exception cref="UserException">The user named a task, or options that exclude each other.</exception>
    public static int Run(Terminal terminal, ParseResult parsed, PolicyTarget target)
    {
        string? other = Others.FirstOrDefault(option => parsed.Given(option) is not null)
            ?? (parsed.GetValue<string[]>("--set")!.Length > 0 ? "--set" : null);
        if (other is not null)
            throw new UserException(
                $"--verify scores the best and the last policy of every learner from starts of its own; leave out "
                + other);
        RunConfig config = target.RunFor("--verify");
        int usual = config.Settings.VerificationEpisodes is > 0 and var set
            ? set : new TrainingSettings().VerificationEpisodes;
        int episodes = parsed.Integer("--episodes", usual, 1, 1_000_000);
        int threads = parsed.Integer("--threads", 0, 0, 256);
        using IControlTask task = target.LoadAny(terminal);
        using var team = new WorkTeam(threads == 0 ? Environment.ProcessorCount : threads);
        using var stop = new StopSignals();
        var warnings = new MujocoWarningReport();
        var verification = new PolicyVerification(task, target.Name, config, episodes);
        IReadOnlyList<VerifiedPolicy>? verified;
        using (ProgressDisplay? display = ProgressDisplay.Show(terminal, parsed.IsQuiet(), () => Show(verification)))
            verified = verification.Run(team, terminal.Warn, stop.Token);
        warnings.Give(terminal);
        if (verified is null)
        {
            terminal.Warn("stopped before the end of the verification");
            return stop.ExitCode;
        }
        if (parsed.IsJson())
            Json.Write(terminal.Out, new
            {
                Target = target.Name, Task = task.Name, Episodes = episodes, Seed = config.Settings.TestSeed,
                Policies = verified,
            });
        else
        {
            terminal.Out.WriteLine(
                $"{task.Name}, from starts that neither training nor tests used, episodes {episodes} of each policy");
            terminal.WriteTable([["learner", "seed", "policy", "after episode", "score", "standard error", "success"],
                .. verified.Select(p => (string[])[
                    $"{p.Learner}", $"{p.Seed}", p.Policy, $"{p.Episode}", Texts.Score(p.Score),
                    Texts.Score(p.StandardError), p.SuccessRate is { } rate ? Texts.Score(rate) : "-"])]);
        }
        return 0;
    }

    private static (double Done, double Most, string Text) Show(PolicyVerification verification)
    {
        (long ended, long all) = verification.Progress;
        return (ended, all, $"episode {ended}/{all}");
    }
}
