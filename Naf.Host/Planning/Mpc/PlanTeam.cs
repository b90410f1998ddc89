using Naf.Gpu.Cpu;
using Naf.Sim.Mujoco;

namespace Naf.Host.Planning.Mpc;

/// <summary>
/// Spreads independent pieces of a planner's work over threads, each with a model of its own. Which thread does which does not matter.
/// </summary>
internal sealed class PlanTeam(WorkTeam team, Func<IPlanModel> model) : IDisposable
{
    /// <summary>[Threads], each thread's model.</summary>
    public IPlanModel[] Models { get; } = [.. Enumerable.Range(0, team.Threads).Select(_ => model())];

    /// <summary>Does <paramref name="work"/>(item, worker) for each item 0 … count − 1, and returns when all is done.</summary>
    public void Run(int count, Action<int, int> work)
    {
        int next = 0;
        team.Run(worker =>
        {
            // what a plan that is only tried runs into concerns nobody
            bool muted = MujocoWarnings.Muted;
            MujocoWarnings.Muted = true;
            try
            {
                for (int i; (i = Interlocked.Increment(ref next) - 1) < count;) work(i, worker);
            }
            finally
            {
                MujocoWarnings.Muted = muted;
            }
        });
    }

    public void Dispose()
    {
        foreach (IPlanModel model in Models) model.Dispose();
    }
}
