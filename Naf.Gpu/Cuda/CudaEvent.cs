namespace Naf.Gpu;

/// <summary>A mark in a CUDA stream.</summary>
internal sealed unsafe class CudaEvent(CudaDevice device, CudaLibrary cuda, nint mark) : DeviceEvent
{
    private nint _mark = mark;

    public override void Wait() => device.Call(cuda.EventSynchronize(Mark), "cuEventSynchronize");

    public override double MillisecondsSince(DeviceEvent earlier)
    {
        earlier.Wait();
        Wait();
        float milliseconds;
        device.Call(cuda.EventElapsedTime(&milliseconds, ((CudaEvent)earlier).Mark, Mark), "cuEventElapsedTime");
        return milliseconds;
    }

    public override void Dispose()
    {
        nint mark = Interlocked.Exchange(ref _mark, 0);
        if (mark != 0) device.Release(mark);
    }

    private nint Mark
    {
        get
        {
            ObjectDisposedException.ThrowIf(_mark == 0 || !device.Bind(), this);
            return _mark;
        }
    }
}
