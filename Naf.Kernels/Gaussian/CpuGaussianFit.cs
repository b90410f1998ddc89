using Naf.Gpu.Cpu;
using Lanes = System.Runtime.Intrinsics.Vector512<double>;

namespace Naf.Kernels.Gaussian;

/// <summary>
/// The fit on the CPU. A task is a block of a learner's time steps, and a thread takes the next task when it is free.
/// Results do not depend on which thread runs a task.
/// </summary>
internal sealed unsafe class CpuGaussianFit : IGaussianFit
{
    private readonly DynamicsShape _shape;
    private readonly WorkTeam _team;
    private readonly int[][] _lengths;
    private readonly FitBlock[] _blocks;
    private readonly FitLearner[] _learners;
    private readonly int[] _wrong;
    private readonly int _blocksPerLearner;
    private readonly HostBuffer _memory;
    private readonly double* _diagonals;

    /// <exception cref="OutOfMemoryException">The machine is out of memory; nothing stays allocated.</exception>
    public CpuGaussianFit(CpuDevice device, DynamicsShape shape, int[][] lengths, int maxEpisodes)
    {
        (_shape, _team, _lengths, int learners) = (shape, device.Team, lengths, lengths.Length);
        _blocksPerLearner = (shape.Horizon + FitBlock.Width - 1) / FitBlock.Width;
        nint samples = (nint)maxEpisodes * shape.Horizon * shape.Sample;
        nint packed = (nint)shape.Horizon * shape.PackedStep;
        nint model = (nint)_blocksPerLearner * FitBlock.ModelBlock(shape), block = FitBlock.Vectors(shape, maxEpisodes);

        // models and the threads' work memory in whole vectors, then doubles, then floats
        _memory = new HostBuffer(2 * FitBlock.Width * block * _team.Threads
            + (2 * (FitBlock.Width * model + samples + shape.Sample) + packed) * learners);
        Lanes* models = (Lanes*)_memory.Pointer, blocks = models + model * learners;
        double* stored = (double*)(blocks + block * _team.Threads);
        _diagonals = stored + samples * learners;
        float* allPacked = (float*)(_diagonals + shape.Sample * learners);
        _blocks = new FitBlock[_team.Threads];
        for (int w = 0; w < _blocks.Length; w++) _blocks[w] = new FitBlock(shape, maxEpisodes, blocks + block * w);
        _wrong = [.. Enumerable.Repeat(1, learners)];
        _learners = new FitLearner[learners];
        for (int k = 0; k < learners; k++)
            _learners[k] = new FitLearner
            {
                Samples = stored + samples * k, Models = models + model * k, Packed = allPacked + packed * k,
            };
    }

    public void Store(int learner, int episode, ReadOnlySpan<double> samples) =>
        samples.CopyTo(new Span<double>(
            _learners[learner].Samples + (nint)episode * _shape.Horizon * _shape.Sample, samples.Length));

    public void Fit(FitCall call)
    {
        call.Diagonal.CopyTo(new Span<double>(_diagonals, call.Diagonal.Length));
        fixed (double* mean = call.Prior?.Mean, scatter = call.Prior?.Scatter)
        {
            for (int place = 0; place < call.Learners.Length; place++)
            {
                ref FitLearner learner = ref _learners[call.Learners[place]];
                nint at = (nint)call.PriorSteps * place * _shape.Sample;
                learner.Diagonal = _diagonals + (nint)place * _shape.Sample;
                learner.PriorMean = mean + at;
                learner.PriorScatter = scatter + at * _shape.Sample;
                _wrong[call.Learners[place]] = 0;
            }
            _team.Each(call.Learners.Length * _blocksPerLearner, (task, worker) => FitTask(call, task, worker));
        }
    }

    public void CopyTo(int learner, Span<double> f, Span<double> offset, Span<double> n)
    {
        (int s, int inputs, int outputs) = (_shape.State, _shape.Input, FitBlock.Padded(_shape.State));
        nint fRow = FitBlock.Padded(inputs);
        for (int t = 0; t < _shape.Horizon; t++)
        {
            // lane t mod width of each vector
            double* model = (double*)(_learners[learner].Models
                + (nint)(t / FitBlock.Width) * FitBlock.ModelBlock(_shape)) + t % FitBlock.Width;
            for (int i = 0; i < s; i++)
                for (int j = 0; j < inputs; j++) f[(t * s + i) * inputs + j] = model[(i * fRow + j) * FitBlock.Width];
            model += outputs * fRow * FitBlock.Width;
            for (int i = 0; i < s; i++) offset[t * s + i] = model[i * FitBlock.Width];
            model += outputs * FitBlock.Width;
            for (int i = 0; i < s; i++)
                for (int j = 0; j < s; j++) n[(t * s + i) * s + j] = model[(i * outputs + j) * FitBlock.Width];
        }
    }

    public void CopyPacked(int learner, Span<float> packed) =>
        new Span<float>(_learners[learner].Packed, packed.Length).CopyTo(packed);

    public void Poison()
    {
        int model = _blocksPerLearner * FitBlock.ModelBlock(_shape) * FitBlock.Width;
        foreach (FitLearner learner in _learners)
        {
            new Span<double>(learner.Models, model).Fill(double.NaN);
            _shape.PoisonPacked(new Span<float>(learner.Packed, _shape.Horizon * _shape.PackedStep));
        }
    }

    public bool IsFinite(int learner) => _wrong[learner] == 0;

    public void Dispose() => _memory.Dispose();

    private void FitTask(FitCall call, int task, int worker)
    {
        (int learner, int block) = (call.Learners[task / _blocksPerLearner], task % _blocksPerLearner);
        bool finite = _blocks[worker].Run(_learners[learner], _lengths[learner], call, block);
        if (call.Through) finite &= PassThrough(_learners[learner], _lengths[learner][0], block);
        if (!finite) Interlocked.Exchange(ref _wrong[learner], 1);
    }

    // f ← f + s′ − (F [s; u] + f) in a block's packed models, along the episode; returns whether f is finite
    private bool PassThrough(in FitLearner learner, int length, int block)
    {
        (int states, int inputs, int row) = (_shape.State, _shape.Input, _shape.PackedRow);
        bool finite = true;
        for (int t = block * FitBlock.Width; t < Math.Min(length, (block + 1) * FitBlock.Width); t++)
        {
            float* packed = learner.Packed + (nint)t * _shape.PackedStep, f = packed + inputs * row;
            double* z = learner.Samples + (nint)t * _shape.Sample;
            for (int i = 0; i < states; i++)
            {
                double next = f[i];
                for (int j = 0; j < inputs; j++) next += packed[j * row + i] * z[j];
                f[i] += (float)(z[inputs + i] - next);
                finite &= float.IsFinite(f[i]);
            }
        }
        return finite;
    }
}
