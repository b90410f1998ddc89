using System.CommandLine;
using Naf.Sim;

namespace Naf.Host;

/// <summary><c>naf evaluate</c>: the score of a run's policy, or of a policy that needs no run, on fixed seeded starts.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Terminal terminal)
    {
        var target = new Argument<string>("RUN|TASK") { Description = "a run's folder, or a task" };
        var policy = new Option<string?>("--policy") { Description = "random, run (a run's policy without noise), or mpc [run for a run, random for a task]", HelpName = "NAME" };
        var episodes = new Option<string?>("--episodes") { Description = "episodes [20]", HelpName = "N" };
        var seed = new Option<string?>("--seed") { Description = "seed of the starts [the run's test_seed]", HelpName = "S" };
        var learner = new Option<string?>("--learner") { Description = "which learner of the run [0]", HelpName = "K" };
        var threads = new Option<string?>("--threads") { Description = "threads; 0: one per core [0]; results do not depend on it", HelpName = "N" };
        var json = new Option<bool>("--json") { Description = "print one JSON object" };
        var command = new ExampleCommand(
            "evaluate", "Scores a policy over test episodes: mean, standard deviation and success rate.", "naf evaluate runs/cartpole-naf-1 --episodes 100")
        {
            target, policy, episodes, seed, learner, threads, json,
        };
        command.SetAction(parsed =>
        {
            string name = parsed.GetValue(target)!;
            bool isRun = RunFolder.IsRun(name);
            string chosen = parsed.GetValue(policy) ?? (isRun ? "run" : "random");
            string? k = parsed.GetValue(learner);
            if (k is not null && chosen != "run") throw new UserException($"--learner {k} chooses a policy of a run; it goes with --policy run");

            RunConfig? config = isRun ? RunConfig.Read(RunFolder.ConfigOf(name)) : null;
            int count = Texts.Integer("--episodes", parsed.GetValue(episodes), config?.Settings.TestEpisodes ?? 20, 1, 1_000_000);
            ulong start = Texts.Seed("--seed", parsed.GetValue(seed), config?.Settings.TestSeed ?? new TrainingSettings().TestSeed);
            int team = Texts.Integer("--threads", parsed.GetValue(threads), 0, 0, 256);
            using ControlTask task = ControlTask.Load(config?.Task ?? name);
            EvaluationResult result = chosen switch
            {
                "random" => PolicyEvaluation.Random(task, start, count, team),
                "run" when config is not null => PolicyEvaluation.OfRun(
                    task, name, config, Texts.Integer("--learner", k, 0, 0, config.Settings.Learners - 1), start, count, team, terminal.Warn),
                "run" => throw new UserException($"--policy run needs a run's folder, and {name} is a task; train first (naf train {name}), or use --policy random"),
                "mpc" => throw new UserException("--policy mpc: the planner is not in this version; use random or run"),
                _ => throw new UserException($"--policy {chosen}: expected random, run or mpc"),
            };

            if (parsed.GetValue(json))
                Json.Write(terminal.Out, new
                {
                    Target = name, Task = task.Name, Policy = chosen, result.Mean, result.StandardDeviation, result.Episodes, result.SuccessRate, Seed = start,
                    Learner = chosen == "run" ? Texts.Integer("--learner", k, 0, 0) : (int?)null,
                });
            else
                terminal.Out.WriteLine($"{task.Name}, {chosen} policy: mean {Texts.Score(result.Mean)}, standard deviation {Texts.Score(result.StandardDeviation)}, "
                    + $"episodes {result.Episodes}, success rate {Texts.Score(result.SuccessRate)}");
            return 0;
        });
        return command;
    }
}
