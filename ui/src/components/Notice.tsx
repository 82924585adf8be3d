import type { ReactNode } from "react";
import "./Notice.css";

interface NoticeProps {
  title: string;
  tone?: "plain" | "error";
  detail?: ReactNode;
  children?: ReactNode;
}

/** What happened, why, and one thing to do about it. */
export function Notice({ title, tone = "plain", detail, children }: NoticeProps) {
  return (
    <div className="notice" role={tone === "error" ? "alert" : undefined}>
      <h2 className={tone === "error" ? "err" : undefined}>{title}</h2>
      {detail && <p className="m">{detail}</p>}
      {children && <div className="notice-actions">{children}</div>}
    </div>
  );
}
