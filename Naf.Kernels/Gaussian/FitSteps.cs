using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>The time steps of a block: where each element of a register reads its samples and writes its model.</summary>
internal sealed unsafe class FitSteps : IDisposable
{
    private readonly DynamicsShape _shape;
    private readonly int _width;
    private readonly HostBuffer _memory;
    private readonly double* _zeros, _unused;
    private FitLearner? _learner;
    private int _first;

    public FitSteps(DynamicsShape shape, int width)
    {
        (_shape, _width, Source) = (shape, width, new int[width]);
        int most = Math.Max(shape.PackedStep, Math.Max(shape.State * shape.Input, shape.State * shape.State));
        _memory = new HostBuffer(2L * (shape.Sample + most + 2 * width));
        Lanes = (double**)_memory.Pointer;
        Singles = (float**)(Lanes + width);
        _zeros = (double*)(Singles + width);
        _unused = _zeros + shape.Sample;
    }

    /// <summary>The time step that each element is fitted to.</summary>
    public int[] Source { get; }

    /// <summary>[width]: the rows that a transposition works on.</summary>
    public double** Lanes { get; }

    /// <summary>[width]: the same in float32.</summary>
    public float** Singles { get; }

    /// <summary>Elements that are time steps; what is beyond the horizon repeats its last step and is not written.</summary>
    public int Count => Math.Min(_width, _shape.Horizon - _first);

    public void Set(FitLearner learner, int block)
    {
        (_learner, _first) = (learner, block * _width);
        for (int l = 0; l < _width; l++) Source[l] = learner.Source(Math.Min(_first + l, _shape.Horizon - 1));
    }

    /// <summary>Points the lanes at an episode's samples, or at zeros where it had ended; false: it had ended before all of them.</summary>
    public bool ReadEpisode(int episode)
    {
        bool any = false;
        for (int l = 0; l < _width; l++)
        {
            bool there = Source[l] < _learner!.Lengths[episode];
            Lanes[l] = there ? _learner.Samples + ((nint)episode * _shape.Horizon + Source[l]) * _shape.Sample : _zeros;
            any |= there;
        }
        return any;
    }

    /// <summary>Points the lanes at rows of an array with rows for each time step.</summary>
    public void ReadSource(double* array, nint row)
    {
        for (int l = 0; l < _width; l++) Lanes[l] = array + Source[l] * row;
    }

    /// <summary>Points the lanes at what is written.</summary>
    public void Write(double* array, nint row)
    {
        for (int l = 0; l < _width; l++) Lanes[l] = l < Count ? array + (_first + l) * row : _unused;
    }

    /// <summary>Points the float32 lanes at what is written.</summary>
    public void Write(float* array, nint row)
    {
        for (int l = 0; l < _width; l++) Singles[l] = l < Count ? array + (_first + l) * row : (float*)_unused;
    }

    public void Dispose() => _memory.Dispose();
}
