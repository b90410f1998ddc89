using System.CommandLine;
using Naf.Sim;

namespace Naf.Host;

/// <summary><c>naf evaluate</c>: the score of a run's policy, or of a policy that needs no run, on fixed seeded starts.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Terminal terminal)
    {
        var target = new Argument<string>("RUN|TASK") { Description = "a run's folder, or a task" };
        var policy = CliOption.Text("--policy", "NAME", "random, run (a run's policy without noise), or mpc [run for a run, random for a task]");
        var episodes = CliOption.Text("--episodes", "N", "episodes [20]");
        var seed = CliOption.Text("--seed", "S", "seed of the starts [the run's test_seed]");
        var learner = CliOption.Text("--learner", "K", "which learner of the run [0]");
        var threads = CliOption.Text("--threads", "N", "threads of the random policy (a run's takes one); 0: one per core [0]");
        var json = CliOption.Json();
        var command = new ExampleCommand(
            "evaluate", "Scores a policy over test episodes: mean, standard deviation and success rate.",
            "naf evaluate runs/cartpole-naf-1 --episodes 100")
        {
            target, policy, episodes, seed, learner, threads, json,
        };
        command.SetAction(parsed =>
        {
            string name = Path.TrimEndingDirectorySeparator(parsed.GetValue(target)!);
            bool isRun = RunFolder.IsRun(name);
            if (!isRun && Directory.Exists(name))
                throw new UserException($"{name} is not a run's folder: it has no config.yaml; name a run's folder or a task");
            string chosen = parsed.GetValue(policy) ?? (isRun ? "run" : "random");
            string? k = parsed.GetValue(learner);
            if (k is not null && chosen != "run") throw new UserException($"--learner {k} chooses a policy of a run; it goes with --policy run");

            RunConfig? config = isRun ? RunConfig.Read(RunFolder.ConfigOf(name)) : null;
            int count = OptionValue.Integer("--episodes", parsed.GetValue(episodes), config?.Settings.TestEpisodes ?? 20, 1, 1_000_000);
            ulong start = OptionValue.Seed("--seed", parsed.GetValue(seed), config?.Settings.TestSeed ?? new TrainingSettings().TestSeed);
            int team = OptionValue.Integer("--threads", parsed.GetValue(threads), 0, 0, 256);
            using ControlTask task = ControlTask.Load(config?.Task ?? name);
            var warnings = new MujocoWarningReport();
            EvaluationResult result = chosen switch
            {
                "random" => PolicyEvaluation.Random(task, start, count, team),
                "run" when config is not null => PolicyEvaluation.OfRun(
                    task, name, config, LearnerOf(config, k), start, count, terminal.Warn),
                "run" => throw new UserException(
                    $"--policy run needs a run's folder, and {name} is a task; train first (naf train {name}), or use --policy random"),
                "mpc" => throw new UserException("--policy mpc: the planner is not in this version; use random or run"),
                _ => throw new UserException($"--policy {chosen}: expected random, run or mpc"),
            };

            warnings.Give(terminal);
            if (parsed.GetValue(json))
                Json.Write(terminal.Out, new
                {
                    Target = name, Task = task.Name, Policy = chosen,
                    result.Mean, result.StandardDeviation, result.Episodes, result.SuccessRate, Seed = start,
                    Learner = chosen == "run" ? OptionValue.Integer("--learner", k, 0, 0) : (int?)null,
                });
            else
                terminal.Out.WriteLine($"{task.Name}, {chosen} policy: mean {Texts.Score(result.Mean)}, "
                    + $"standard deviation {Texts.Score(result.StandardDeviation)}, episodes {result.Episodes}, "
                    + $"success rate {Texts.Score(result.SuccessRate)}");
            return 0;
        });
        return command;
    }

    private static int LearnerOf(RunConfig config, string? text)
    {
        int most = config.Settings.Learners - 1, learner = OptionValue.Integer("--learner", text, 0, 0);
        if (learner <= most) return learner;
        throw new UserException($"--learner {learner}: the run has " + (most == 0 ? "1 learner: 0" : $"{most + 1} learners: 0 to {most}"));
    }
}
