using System.CommandLine;

namespace Naf.Host;

/// <summary><c>naf bench sim</c>: steps of the simulator per second, of a task's environment or of a bare model.</summary>
internal static class BenchSimCommand
{
    public static Command Create(Terminal terminal)
    {
        var task = CliOption.Text("--task", "TASK", "a task: times its environment (observation, reward and reset included)");
        var model = CliOption.Text("--model", "FILE.xml", "a MuJoCo model: times mj_step alone, the loop of perf/peers/sim_mujoco.c");
        var substeps = CliOption.Text("--substeps", "K", "with --model: calls of mj_step for each control [5]");
        var threads = CliOption.Text("--threads", "N", "threads, each with a simulation of its own [1]");
        var seconds = CliOption.Text("--seconds", "S", "seconds of timing, over all rounds [5]");
        var json = CliOption.Json();
        var command = new ExampleCommand("sim", "Times the simulator.", "naf bench sim --task cartpole --threads 2")
        {
            task, model, substeps, threads, seconds, json,
        };
        command.SetAction(parsed =>
        {
            int team = OptionValue.Integer("--threads", parsed.GetValue(threads), 1, 1, 256);
            double time = OptionValue.Seconds("--seconds", parsed.GetValue(seconds), 5);
            SimulatorBenchmarkResult r = (parsed.GetValue(task), parsed.GetValue(model)) switch
            {
                ({ } name, null) when parsed.GetValue(substeps) is null => SimulatorBenchmark.OfTask(name, team, time),
                ({ }, null) => throw new UserException("--substeps goes with --model: a task has its own"),
                (null, { } file) => SimulatorBenchmark.OfModel(
                    file, OptionValue.Integer("--substeps", parsed.GetValue(substeps), 5, 1, 1000), team, time),
                _ => throw new UserException("naf bench sim needs either --task TASK or --model FILE.xml"),
            };
            if (parsed.GetValue(json)) Json.Write(terminal.Out, r);
            else terminal.Out.WriteLine($"{Texts.Rate(r.StepsPerSecond)} steps/s of {r.What}, threads {r.Threads}, checksum {r.Checksum}");
            return 0;
        });
        return command;
    }
}
