namespace Naf.Gpu;

/// <summary>A marker in the queue.</summary>
internal sealed unsafe class OpenCLEvent(OpenCLLibrary cl, nint mark, string device) : DeviceEvent
{
    private const uint End = 0x1283;
    private nint _mark = mark;

    public override void Wait()
    {
        nint mark = _mark;
        ObjectDisposedException.ThrowIf(mark == 0, this);
        OpenCLError.Check(cl.WaitForEvents(1, &mark), device, "clWaitForEvents");
    }

    public override double MillisecondsSince(DeviceEvent earlier) => (Time() - ((OpenCLEvent)earlier).Time()) * 1e-6;

    public override void Dispose()
    {
        nint mark = Interlocked.Exchange(ref _mark, 0);
        if (mark != 0) _ = cl.ReleaseEvent(mark);
    }

    // nanoseconds
    private double Time()
    {
        Wait();
        ulong time;
        OpenCLError.Check(cl.GetEventProfilingInfo(_mark, End, sizeof(ulong), &time, null), device, "clGetEventProfilingInfo");
        return time;
    }
}
