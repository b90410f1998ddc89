using System.CommandLine;
using Naf.Cli.Benchmarks;
using Naf.Cli.Common;
using Naf.Host.Common;

namespace Naf.Cli.Bench;

/// <summary><c>naf bench sim</c>: simulator steps per second, of a task's environment or of a bare model.</summary>
internal static class BenchSimCommand
{
    public static Command Create(Terminal terminal) => new ExampleCommand(
        "sim", "Times the simulator.", "naf bench sim --task cartpole --threads 2", parsed => Run(terminal, parsed))
    {
        CliOption.Text("--task", "TASK", "a task: times its environment (observation, reward and reset included)"),
        CliOption.Text("--model", "FILE.xml", "a MuJoCo model: times mj_step alone, as perf/peers/sim_mujoco.c does"),
        CliOption.Text("--substeps", "K", "with --model: calls of mj_step for each control [5]"),
        CliOption.Text("--threads", "N", "threads, each with a simulation of its own [1]"),
        CliOption.Text("--seconds", "S", "seconds of timing, over all rounds [5]"), CliOption.Json(),
    };

    private static int Run(Terminal terminal, ParseResult parsed)
    {
        int threads = parsed.Integer("--threads", 1, 1, 256);
        double seconds = parsed.Seconds(5);
        (object result, string sentence) = (parsed.Given("--task"), parsed.Given("--model")) switch
        {
            ({ } task, null) when parsed.Given("--substeps") is null => OfTask(task),
            ({ }, null) => throw new UserException("--substeps goes with --model: a task has its own"),
            (null, { } model) => OfModel(model),
            _ => throw new UserException("naf bench sim needs either --task TASK or --model FILE.xml"),
        };
        if (parsed.IsJson()) Json.Write(terminal.Out, result);
        else terminal.Out.WriteLine(sentence);
        return 0;

        (object, string) OfTask(string name)
        {
            EnvironmentBenchmarkResult r = EnvironmentBenchmark.Run(name, threads, seconds);
            string gain = r.OverOneThread is { } over ? $", {over:0.00} times one thread" : "";
            return (r, $"{Texts.Rate(r.StepsPerSecond)} steps/s, threads {threads}: "
                + $"{r.MicrosecondsPerStep:0.00} µs a step, {r.OverMujoco:0.000} times MuJoCo alone{gain}");
        }

        (object, string) OfModel(string file)
        {
            int substeps = parsed.Integer("--substeps", 5, 1, 1000);
            SimulatorBenchmarkResult r = SimulatorBenchmark.OfModel(file, substeps, threads, seconds);
            return (r, $"{Texts.Rate(r.StepsPerSecond)} mj_step/s, threads {threads}, checksum {r.Checksum}");
        }
    }
}
