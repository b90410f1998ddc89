using Naf.Sim.Mujoco;

namespace Naf.Cli.Benchmarks;

/// <summary>
/// The loop that measures the simulator's speed: uniform random controls, then mj_step. perf/peers/sim_mujoco.c is the
/// same loop in C with the same numbers, so that both end in bitwise the same state.
/// </summary>
internal struct RandomMotion(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Takes control steps: controls uniform in [−1, 1), <paramref name="substeps"/> mj_steps each.</summary>
    public void Run(MujocoData data, int steps, int substeps)
    {
        for (int step = 0; step < steps; step++)
        {
            foreach (ref double control in data.Ctrl)
            {
                // Knuth's linear congruential generator; its upper 53 bits
                _state = _state * 6364136223846793005 + 1442695040888963407;
                control = (_state >> 11) * (2.0 / (1UL << 53)) - 1;
            }
            data.Step(substeps);
        }
    }

    /// <summary>FNV-1a over the bytes of (time, qpos, qvel): equal for bitwise equal states.</summary>
    public static ulong Checksum(MujocoData data)
    {
        ulong hash = Add(14695981039346656037, data.Time);
        foreach (double q in data.Qpos) hash = Add(hash, q);
        foreach (double v in data.Qvel) hash = Add(hash, v);
        return hash;

        static ulong Add(ulong hash, double value)
        {
            ulong bits = BitConverter.DoubleToUInt64Bits(value);
            for (int k = 0; k < 8; k++) hash = (hash ^ (byte)(bits >> (8 * k))) * 1099511628211;
            return hash;
        }
    }
}
