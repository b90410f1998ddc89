using System.CommandLine;
using Naf.Cli.Benchmarks;
using Naf.Cli.Common;
using Naf.Host.Common;

namespace Naf.Cli.Bench;

/// <summary><c>naf bench sim</c>: steps of the simulator per second, of a task's environment or of a bare model.</summary>
internal static class BenchSimCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new ExampleCommand("sim", "Times the simulator.", "naf bench sim --task cartpole --threads 2")
        {
            CliOption.Text("--task", "TASK", "a task: times its environment (observation, reward and reset included)"),
            CliOption.Text(
                "--model", "FILE.xml", "a MuJoCo model: times mj_step alone, the loop of perf/peers/sim_mujoco.c"),
            CliOption.Text("--substeps", "K", "with --model: calls of mj_step for each control [5]"),
            CliOption.Text("--threads", "N", "threads, each with a simulation of its own [1]"),
            CliOption.Text("--seconds", "S", "seconds of timing, over all rounds [5]"), CliOption.Json(),
        };
        command.SetAction(parsed =>
        {
            int team = parsed.Integer("--threads", 1, 1, 256);
            double time = parsed.Seconds(5);
            switch (parsed.Given("--task"), parsed.Given("--model"))
            {
                case ({ } name, null) when parsed.Given("--substeps") is null:
                    EnvironmentBenchmarkResult r = EnvironmentBenchmark.Run(name, team, time);
                    if (parsed.IsJson()) Json.Write(terminal.Out, r);
                    else terminal.Out.WriteLine(Sentence(r));
                    break;
                case ({ }, null):
                    throw new UserException("--substeps goes with --model: a task has its own");
                case (null, { } file):
                    int calls = parsed.Integer("--substeps", 5, 1, 1000);
                    SimulatorBenchmarkResult bare = SimulatorBenchmark.OfModel(file, calls, team, time);
                    if (parsed.IsJson()) Json.Write(terminal.Out, bare);
                    else terminal.Out.WriteLine($"{Texts.Rate(bare.StepsPerSecond)} mj_step/s, threads {bare.Threads}, checksum {bare.Checksum}");
                    break;
                default:
                    throw new UserException("naf bench sim needs either --task TASK or --model FILE.xml");
            }
            return 0;
        });
        return command;
    }

    private static string Sentence(EnvironmentBenchmarkResult r)
    {
        string gain = r.OverOneThread is { } over ? string.Create(CultureInfo.InvariantCulture, $", {over:0.00} times one thread") : "";
        return $"{Texts.Rate(r.StepsPerSecond)} steps/s, threads {r.Threads}: " + string.Create(CultureInfo.InvariantCulture,
            $"{r.MicrosecondsPerStep:0.00} µs a step, {r.OverMujoco:0.000} times MuJoCo alone") + gain;
    }
}
