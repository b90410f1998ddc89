using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Naf.Sim.Mujoco;

/// <summary>
/// Machine code of <see cref="ErrorGuard"/> (x86-64, System V calling convention) and the executable memory that holds
/// it.
/// </summary>
internal static unsafe partial class GuardCode
{
    /// <summary>int guard(function, a, b, c, frame*): 0 after an ordinary return, 1 after an error.</summary>
    private static ReadOnlySpan<byte> GuardBytes =>
    [
        // save what a function must preserve: six registers, the SSE and x87 control words
        0x55, 0x53, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57, // push rbp, rbx, r12, r13, r14, r15
        0x48, 0x83, 0xEC, 0x18,             // sub rsp, 24
        0x0F, 0xAE, 0x1C, 0x24,             // stmxcsr [rsp]
        0xD9, 0x7C, 0x24, 0x04,             // fnstcw [rsp+4]
        0x4C, 0x89, 0x44, 0x24, 0x08,       // mov [rsp+8], r8
        0x49, 0x89, 0x20,                   // mov [r8], rsp              frame.StackPointer = rsp
        // result = function(a, b, c)
        0x49, 0x89, 0xFB,                   // mov r11, rdi
        0x48, 0x89, 0xF7,                   // mov rdi, rsi
        0x48, 0x89, 0xD6,                   // mov rsi, rdx
        0x48, 0x89, 0xCA,                   // mov rdx, rcx
        0x31, 0xC0,                         // xor eax, eax               no vector arguments, should it be variadic
        0x41, 0xFF, 0xD3,                   // call r11
        0x48, 0x8B, 0x4C, 0x24, 0x08,       // mov rcx, [rsp+8]
        0x48, 0x89, 0x41, 0x08,             // mov [rcx+8], rax           frame.Result = rax
        0x31, 0xC0,                         // xor eax, eax
        // leave: restore and return
        0x48, 0x83, 0xC4, 0x18,             // add rsp, 24
        0x41, 0x5F, 0x41, 0x5E, 0x41, 0x5D, 0x41, 0x5C, 0x5B, 0x5D, // pop r15, r14, r13, r12, rbx, rbp
        0xC3,                               // ret
    ];

    private const int Leave = 58; // where "leave" begins in GuardBytes

    /// <summary>
    /// void handler(message): lets managed code record the message, then returns 1 from the guard in place of MuJoCo.
    /// </summary>
    private static ReadOnlySpan<byte> HandlerBytes =>
    [
        0x48, 0x83, 0xEC, 0x08,             // sub rsp, 8
        0x48, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, // mov rax, record
        0xFF, 0xD0,                         // call rax                   gives frame.StackPointer
        0x48, 0x89, 0xC4,                   // mov rsp, rax
        0x0F, 0xAE, 0x14, 0x24,             // ldmxcsr [rsp]
        0xD9, 0x6C, 0x24, 0x04,             // fldcw [rsp+4]
        0xB8, 0x01, 0x00, 0x00, 0x00,       // mov eax, 1
        0xE9, 0, 0, 0, 0,                   // jmp leave
    ];

    private const int RecordAt = 6;

    /// <summary>Places the code in executable memory; false on another platform or if such memory is refused.</summary>
    /// <param name="record">nint record(message): the managed function that the handler calls.</param>
    public static bool TryPlace(nint record, out nint guard, out nint handler)
    {
        guard = handler = 0;
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64) return false;

        // write first, then make it executable: never both at once
        const int ReadWrite = 3, ReadExecute = 5, PrivateAnonymous = 0x22;
        nuint size = (nuint)Environment.SystemPageSize;
        nint page = MapMemory(0, size, ReadWrite, PrivateAnonymous, -1, 0);
        if (page == -1) return false;

        var code = new Span<byte>((void*)page, GuardBytes.Length + HandlerBytes.Length);
        GuardBytes.CopyTo(code);
        Span<byte> handling = code[GuardBytes.Length..];
        HandlerBytes.CopyTo(handling);
        BinaryPrimitives.WriteInt64LittleEndian(handling[RecordAt..], record);
        BinaryPrimitives.WriteInt32LittleEndian(handling[^4..], Leave - code.Length);

        if (ProtectMemory(page, size, ReadExecute) != 0) return false;
        guard = page;
        handler = page + GuardBytes.Length;
        return true;
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint MapMemory(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int ProtectMemory(nint address, nuint length, int protection);
}
