using Naf.Gpu.Cpu;
using Naf.Kernels.Population;
using Naf.Kernels.Rollout.Cpu;

namespace Naf.Kernels.Rollout.Engines;

/// <summary>
/// Rollouts on the CPU. Worker threads take blocks of rollouts in order, and append the rows of a block after those of
/// all earlier blocks.
/// </summary>
internal sealed unsafe class CpuRollouts : IRolloutEngine
{
    private readonly RolloutDefinition _definition;
    private readonly WorkTeam _team;
    private readonly RolloutWorkspace[] _workspaces;
    private readonly Action<int> _work;
    private readonly int[] _firstTicket, _appended;
    private readonly PackedModels _models;
    private readonly RolloutCall _call;
    private int _ticket;
    private volatile bool _failed;

    public CpuRollouts(
        CpuDevice device, RolloutDefinition definition, LearnerPopulation population, PackedModels models,
        RolloutCall call)
    {
        (_definition, _team, _models, _call) = (definition, device.Team, models, call);
        _workspaces = [.. Enumerable.Range(0, _team.Threads)
            .Select(_ => new RolloutWorkspace(definition, population.Shape, population.InputScale, call.Settings))];
        int learners = population.Learners;
        (_firstTicket, _appended) = (new int[learners + 1], new int[learners]);
        _work = Work;
    }

    public void Run()
    {
        for (int k = 0; k < _call.Learners.Length; k++)
        {
            int rollouts = RolloutWorkspace.BlockRollouts(_call.Settings[k], _definition.RowLength);
            int blocks = (_call.Starts[k].Count + rollouts - 1) / rollouts;
            _firstTicket[k + 1] = _firstTicket[k] + (_call.Learners[k].Active ? blocks : 0);
            (_appended[k], _call.Reports[k]) = (0, default);
        }
        (_ticket, _failed) = (0, false);
        _team.Run(_work);
    }

    public void Dispose()
    {
        foreach (RolloutWorkspace workspace in _workspaces) workspace.Dispose();
    }

    private void Work(int worker)
    {
        RolloutWorkspace workspace = _workspaces[worker];
        workspace.Forget();
        try
        {
            int k = 0;
            for (int ticket = Take(); ticket < _firstTicket[^1]; ticket = Take())
            {
                while (ticket >= _firstTicket[k + 1]) k++;
                RunBlock(workspace, k, ticket - _firstTicket[k]);
                if (_failed) return;
            }
        }
        catch
        {
            // the other threads must not wait for this block's rows
            _failed = true;
            throw;
        }
    }

    private int Take() => Interlocked.Increment(ref _ticket) - 1;

    private void RunBlock(RolloutWorkspace workspace, int k, int block)
    {
        int rollouts = RolloutWorkspace.BlockRollouts(_call.Settings[k], _definition.RowLength);
        int first = block * rollouts;
        long model = (long)_definition.Dynamics.Horizon * _definition.Dynamics.PackedStep;
        workspace.Run(
            _call.Learners[k], _call.Settings[k], _call.Starts[k], first, rollouts,
            _models.OnHost!.Pointer + k * model);

        // append in order: all earlier blocks were taken earlier, and are finished or in progress
        var wait = new SpinWait();
        while (Volatile.Read(ref _appended[k]) != block)
        {
            if (_failed) return;
            wait.SpinOnce();
        }
        RolloutReport report = _call.Reports[k];
        _call.Reports[k] = new RolloutReport(
            report.Steps + workspace.Append(_call.Learners[k].Imagined), report.Cuts + workspace.Cuts);
        Volatile.Write(ref _appended[k], block + 1);
    }
}
