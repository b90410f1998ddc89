using System.Diagnostics;
using System.Globalization;
using Naf.Gpu;
using Naf.Kernels;
using Naf.Sim;

namespace Naf.Host;

/// <summary>How fast a simulator stepped.</summary>
/// <param name="What">What was stepped: "environment" (control steps) or "mj_step".</param>
/// <param name="Target">The task, or the model's file.</param>
/// <param name="Mujoco">MuJoCo's version.</param>
/// <param name="Threads">Threads, each with a simulation of its own.</param>
/// <param name="Substeps">Calls of mj_step for each control; null for a task.</param>
/// <param name="StepsPerSecond">Steps of all threads per second: the median over the rounds.</param>
/// <param name="Rounds">Each round's.</param>
/// <param name="Checksum">Of the state after the first 1,000 control steps (with a model: what perf/peers/sim_mujoco.c prints).</param>
/// <param name="Qpos">The positions there; empty for a task.</param>
public sealed record SimulatorBenchmarkResult(
    string What, string Target, string Mujoco, int Threads, int? Substeps, double StepsPerSecond, IReadOnlyList<double> Rounds, string Checksum,
    IReadOnlyList<double> Qpos);

/// <summary>Times simulators on all threads at once, after 1,000 steps whose outcome is put into a checksum.</summary>
public static class SimulatorBenchmark
{
    private const int CheckedSteps = 1000, Piece = 100, RoundCount = 5;

    /// <summary>A task's environment: observation, reward, termination and resets included.</summary>
    public static SimulatorBenchmarkResult OfTask(string name, int threads, double seconds)
    {
        using ControlTask task = ControlTask.Load(name);
        var walks = new EnvironmentWalk[threads];
        for (int i = 0; i < threads; i++) walks[i] = new EnvironmentWalk(task, (ulong)i);
        try
        {
            ulong checksum = walks[0].Run(CheckedSteps);
            double[] rates = Time(threads, seconds, member => walks[member].Run(Piece));
            return new SimulatorBenchmarkResult(
                "environment", task.Name, MujocoLibrary.Load().Version, threads, null, Median(rates), rates, Hex(checksum), []);
        }
        finally
        {
            foreach (EnvironmentWalk walk in walks) walk.Dispose();
        }
    }

    /// <summary>A bare model: mj_step and random controls.</summary>
    public static SimulatorBenchmarkResult OfModel(string path, int substeps, int threads, double seconds)
    {
        using MujocoModel model = MujocoModel.Load(path);
        var data = new MujocoData[threads];
        for (int i = 0; i < threads; i++) data[i] = new MujocoData(model);
        try
        {
            // the same random controls as the peer in C
            var motions = new RandomMotion[threads];
            Array.Fill(motions, new RandomMotion(1));
            motions[0].Run(data[0], CheckedSteps, substeps);
            (ulong checksum, double[] qpos) = (RandomMotion.Checksum(data[0]), data[0].Qpos.ToArray());
            double[] rates = Time(threads, seconds, member => motions[member].Run(data[member], Piece, substeps));
            for (int i = 0; i < rates.Length; i++) rates[i] *= substeps;
            return new SimulatorBenchmarkResult(
                "mj_step", path, model.Library.Version, threads, substeps, Median(rates), rates, Hex(checksum), qpos);
        }
        finally
        {
            foreach (MujocoData simulation in data) simulation.Dispose();
        }
    }

    // rates of each round: control steps of all members per second
    private static double[] Time(int threads, double seconds, Action<int> runPiece)
    {
        using var team = new WorkTeam(threads);
        double[] rates = new double[RoundCount], ofMember = new double[threads];
        for (int round = 0; round < rates.Length; round++)
        {
            team.Run(member =>
            {
                long start = Stopwatch.GetTimestamp(), steps = 0;
                double elapsed;
                do
                {
                    runPiece(member);
                    steps += Piece;
                    elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
                }
                while (elapsed < seconds / RoundCount);
                ofMember[member] = steps / elapsed;
            });
            rates[round] = ofMember.Sum();
        }
        return rates;
    }

    private static double Median(double[] rates) => rates.Order().ElementAt(rates.Length / 2);

    private static string Hex(ulong checksum) => checksum.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Episode after episode of one environment under random actions.</summary>
    private sealed class EnvironmentWalk : IDisposable
    {
        private readonly ControlEnvironment _environment;
        private readonly double[] _action;
        private readonly ulong _seed;
        private ulong _episode, _step;

        public EnvironmentWalk(ControlTask task, ulong seed)
        {
            (_environment, _action, _seed) = (new ControlEnvironment(task), new double[task.ActionSize], seed);
            _environment.Reset(seed, RandomStream.TestReset, 0);
        }

        /// <summary>Takes steps; FNV-1a over all their observations and rewards.</summary>
        public ulong Run(int steps)
        {
            ulong hash = 14695981039346656037;
            for (int i = 0; i < steps; i++)
            {
                for (int j = 0; j < _action.Length; j++) _action[j] = 2 * Philox.Uniform(_seed, RandomStream.RandomPolicy, _step, (uint)j) - 1;
                _step++;
                StepResult result = _environment.Step(_action);
                foreach (double x in _environment.Observation) hash = Add(hash, x);
                hash = Add(hash, result.Reward);
                if (result.Done) _environment.Reset(_seed, RandomStream.TestReset, ++_episode);
            }
            return hash;
        }

        public void Dispose() => _environment.Dispose();

        private static ulong Add(ulong hash, double value) => (hash ^ BitConverter.DoubleToUInt64Bits(value)) * 1099511628211;
    }
}
