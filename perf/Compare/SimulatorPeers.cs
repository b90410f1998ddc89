using Naf.Cli.Benchmarks;
using Naf.Sim.Tasks;

namespace Naf.Perf;

/// <summary>Compares the simulator in C# with the same loop in C, and the built-in environments with MuJoCo.</summary>
internal static class SimulatorPeers
{
    private const int Substeps = 5;

    /// <summary>mj_step of a model, in turns with peers/sim_mujoco.c, after both end in bitwise equal states.</summary>
    public static Entry AgainstC(string repository, int rounds, double seconds)
    {
        string program = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        string model = Path.Combine(repository, "tests", "Sim", "Mujoco", "cheetah.xml");
        try
        {
            ChildProcess.Run("cc", "-O2", "-o", program,
                Path.Combine(repository, "perf", "peers", "sim_mujoco.c"), "-lmujoco");
            var (ours, theirs) = (new List<double>(), new List<double>());
            for (int round = 0; round < rounds; round++)
            {
                string output = ChildProcess.Run(program, model, $"{seconds}", $"{Substeps}");
                JsonElement c = JsonDocument.Parse(output).RootElement;
                SimulatorBenchmarkResult own = SimulatorBenchmark.OfModel(model, Substeps, 1, seconds);
                if (own.Checksum != c.GetProperty("checksum").GetString())
                    throw new InvalidOperationException("C# and C ended in different states; nothing was timed");
                ours.Add(own.StepsPerSecond);
                theirs.Add(c.GetProperty("steps_per_second").GetDouble());
            }
            return new Entry("simulator", "mj_step of cheetah.xml", "cpu, 1 thread", "steps/s", 0,
                [new("Naf.Sim", ours), new("the same loop in C", theirs)]);
        }
        finally
        {
            File.Delete(program);
        }
    }

    /// <summary>Control steps of every built-in task, in turns with MuJoCo alone: medians.</summary>
    public static IEnumerable<Entry> Environments(double seconds) => TaskLibrary.Names.Select(task =>
    {
        EnvironmentBenchmarkResult r = EnvironmentBenchmark.Run(task, 1, seconds);
        return new Entry("environments", task, "cpu, 1 thread", "control steps/s", 0,
            [new("Naf.Sim", [1e6 / r.MicrosecondsPerStep]), new("MuJoCo alone", [1e6 / r.MujocoMicroseconds])]);
    });
}
