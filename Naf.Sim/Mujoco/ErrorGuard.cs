using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Naf.Sim.Mujoco;

/// <summary>
/// Turns mju_error into an exception. By default mju_error prints, waits for Enter and exits; its handler may neither
/// return (MuJoCo would continue and crash) nor throw (exceptions cannot cross native frames). Therefore MuJoCo's
/// functions are called through a short piece of machine code that saves the stack pointer. After managed code has
/// recorded the message, the handler jumps back there, as setjmp and longjmp do. Managed frames are not unwound; only
/// MuJoCo's C frames are dropped. On platforms other than linux-x64 an error ends the process with an explanation.
/// MuJoCo passes no simulation to its handlers, so the frame of a thread's current call holds what they need.
/// </summary>
internal static unsafe class ErrorGuard
{
    private static readonly delegate* unmanaged<nint, nint, nint, nint, Frame*, int> Guard;

    /// <summary>The function pointer for mju_user_error.</summary>
    public static readonly nint Handler;

    [ThreadStatic] private static Frame* _current;
    [ThreadStatic] private static string? _message;

    static ErrorGuard()
    {
        bool disabled = AppContext.TryGetSwitch("Naf.Sim.NoErrorGuard", out bool off) && off;
        if (!disabled && GuardCode.TryPlace(
            (nint)(delegate* unmanaged[Cdecl]<byte*, nint>)&Record, out nint guard, out nint handler))
        {
            Guard = (delegate* unmanaged<nint, nint, nint, nint, Frame*, int>)guard;
            Handler = handler;
        }
        else
        {
            Handler = (nint)(delegate* unmanaged[Cdecl]<byte*, void>)&Stop;
        }
    }

    /// <summary>Stack pointer to return to, result of the function, and whether warnings are dropped.</summary>
    private struct Frame
    {
        public nint StackPointer;
        public nint Result;
        public bool Quiet;
    }

    /// <summary>Whether the calling thread is in a call whose warnings are dropped.</summary>
    public static bool IsQuiet => _current != null && _current->Quiet;

    /// <summary>
    /// Calls a C function of up to three pointer or integer arguments. C++ code that holds locks (the XML loader) must
    /// not be called this way, since its destructors would be skipped.
    /// </summary>
    /// <param name="quiet">Whether MuJoCo's warnings are dropped.</param>
    /// <returns>The function's integer return value; meaningless for void functions.</returns>
    /// <exception cref="MujocoException">The function called mju_error; reset or discard its mjData.</exception>
    public static nint Invoke(nint function, nint a, nint b = 0, nint c = 0, bool quiet = false)
    {
        Frame frame = new() { Quiet = quiet };
        Frame* outer = _current;
        _current = &frame;
        int failed = 0;
        if (Guard != null) failed = Guard(function, a, b, c, &frame);
        else frame.Result = ((delegate* unmanaged<nint, nint, nint, nint>)function)(a, b, c);
        _current = outer;
        if (failed != 0) Throw();
        return frame.Result;
    }

    private static void Throw() => throw new MujocoException($"MuJoCo stopped with an error: {_message}");

    /// <summary>Called by the machine code: records the message, returns the stack pointer to return to.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static nint Record(byte* text)
    {
        if (_current == null)
            Fail(text, "it happened outside of a guarded call "
                + "(while a model was loaded, or in another library's call into MuJoCo)");
        try
        {
            _message = Marshal.PtrToStringUTF8((nint)text);
        }
        catch (Exception)
        {
            _message = "(its message could not be read)";
        }
        return _current->StackPointer;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Stop(byte* text) =>
        Fail(text, "only on linux-x64 can such an error be turned into an exception");

    private static void Fail(byte* text, string why) => Environment.FailFast(
        $"MuJoCo stopped with an error that can't be recovered from: {Marshal.PtrToStringUTF8((nint)text)} ({why}). "
        + "A run can be resumed from its last checkpoint.");
}
